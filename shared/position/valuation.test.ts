import { expect } from 'chai';
import fc from 'fast-check';
import { bookSale } from './accounting.js';
import { unrealizedPnl, worthOf } from './valuation.js';

const holding = { entryLamports: 1_000_000_000n, entryTokens: 100_000_000n, soldTokens: 0n, reservedTokens: 0n };

describe('X8 what a position is worth', () => {
  it('is what is held at the price, rounded down to a lamport', () => {
    expect(worthOf(100_000_000n, 5, '0.001')).to.equal(1_000_000_000n);
    expect(worthOf(1n, 9, '0.9999999999')).to.equal(0n);
    expect(worthOf(3n, 0, '0.000000001')).to.equal(3n);
  });

  it('is a profit against the entry cost of what is still held, reserved or not', () => {
    expect(unrealizedPnl(holding, 5, '0.0012')).to.equal(200_000_000n);
    const half = { ...holding, soldTokens: 50_000_000n, reservedTokens: 50_000_000n };
    expect(unrealizedPnl(half, 5, '0.0008')).to.equal(-100_000_000n);
    expect(unrealizedPnl({ ...holding, soldTokens: 100_000_000n }, 5, '1')).to.equal(0n);
  });

  it('turns into realised profit to the lamport when all of it is sold at that price', () => {
    const amount = fc.bigInt({ min: 1n, max: 10n ** 15n });
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1 }),
        (bought, cost, decimals, units) => {
          const price = `0.${String(units).padStart(12, '0')}`;
          const position = { entryLamports: cost, entryTokens: bought, soldTokens: 0n, reservedTokens: bought };
          const lamports = worthOf(bought, decimals, price);
          const { pnlLamports } = bookSale(position, { tokens: bought, reserved: bought, lamports }, decimals);
          expect(unrealizedPnl(position, decimals, price)).to.equal(pnlLamports);
        },
      ),
    );
  });
});
