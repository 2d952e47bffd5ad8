import { expect } from 'chai';
import fc from 'fast-check';
import {
  availableTokens,
  bookRelease,
  bookSale,
  costOfSale,
  dustUnits,
  type Holding,
  statusOf,
  tokensForPercent,
} from './accounting.js';

const holding = (part: Partial<Holding> = {}): Holding => ({
  entryLamports: 1_000_000_000n,
  entryTokens: 3_000_000n,
  soldTokens: 0n,
  reservedTokens: 0n,
  ...part,
});

describe('X3 partial exits', () => {
  it('sell a percentage of what is neither sold nor reserved, rounded down', () => {
    expect(tokensForPercent(holding(), 100)).to.equal(3_000_000n);
    expect(tokensForPercent(holding({ soldTokens: 1_000_000n }), 50)).to.equal(1_000_000n);
    expect(tokensForPercent(holding({ entryTokens: 7n }), 50)).to.equal(3n);
    expect(tokensForPercent(holding({ soldTokens: 1n, reservedTokens: 2_999_999n }), 100)).to.equal(0n);
    for (const percent of [0, 101, 1.5, Number.NaN]) {
      expect(() => tokensForPercent(holding(), percent)).to.throw(RangeError);
    }
  });

  it('leave the position PARTIAL_EXIT, or EXIT_PENDING while another exit is on its way', () => {
    const sale = { tokens: 1_000_000n, reserved: 1_000_000n, lamports: 500_000_000n };
    expect(bookSale(holding({ reservedTokens: 1_000_000n }), sale, 6)).to.include({
      status: 'PARTIAL_EXIT',
      soldTokens: 1_000_000n,
      reservedTokens: 0n,
      pnlLamports: 500_000_000n - 333_333_333n,
    });
    expect(bookSale(holding({ reservedTokens: 2_000_000n }), sale, 6).status).to.equal('EXIT_PENDING');
    expect(statusOf(0n, 0n)).to.equal('OPEN');
  });
});

describe('X4 full exits', () => {
  it('close the position when at most 0.001 token is left, and record the dust', () => {
    const sell = (left: bigint) => {
      const tokens = 3_000_000n - left;
      return bookSale(holding({ reservedTokens: tokens }), { tokens, reserved: tokens, lamports: 1n }, 6);
    };
    expect(sell(0n)).to.include({ status: 'CLOSED', dustTokens: 0n });
    expect(sell(1_000n)).to.include({ status: 'CLOSED', dustTokens: 1_000n });
    expect(sell(1_001n)).to.include({ status: 'PARTIAL_EXIT', dustTokens: 0n });
    expect([dustUnits(9), dustUnits(6), dustUnits(3), dustUnits(0)]).to.deep.equal([1_000_000n, 1_000n, 1n, 0n]);
  });
});

describe('X4 an exit that ends without a sale', () => {
  const sold = { soldTokens: 2_999_500n, reservedTokens: 500n };

  it('closes the position if only dust is left', () => {
    expect(bookRelease(holding(sold), 500n, 6)).to.deep.equal({
      reservedTokens: 0n,
      status: 'CLOSED',
      dustTokens: 500n,
    });
  });

  it('leaves it open otherwise, however small an unsold position is', () => {
    expect(bookRelease(holding({ reservedTokens: 10n }), 10n, 6).status).to.equal('OPEN');
    expect(bookRelease(holding({ entryTokens: 5n, reservedTokens: 5n }), 5n, 6).status).to.equal('OPEN');
    expect(bookRelease(holding({ ...sold, reservedTokens: 400n }), 300n, 6).status).to.equal('EXIT_PENDING');
    expect(() => bookRelease(holding(), 1n, 6)).to.throw(RangeError);
  });
});

describe('X8 profit', () => {
  it('adds up to proceeds minus cost to the last lamport, however the position is sold', () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 12n),
        fc.bigInt(1n, 10n ** 15n),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.bigInt(0n, 10n ** 12n)), { maxLength: 12 }),
        fc.bigInt(0n, 10n ** 12n),
        (entryLamports, entryTokens, parts, lastLamports) => {
          let state = holding({ entryLamports, entryTokens });
          let profit = 0n;
          let proceeds = 0n;
          const sell = (tokens: bigint, lamports: bigint) => {
            if (tokens === 0n) return;
            const reserved = { ...state, reservedTokens: tokens };
            const after = bookSale(reserved, { tokens, reserved: tokens, lamports }, 6);
            state = { ...state, soldTokens: after.soldTokens, reservedTokens: after.reservedTokens };
            profit += after.pnlLamports;
            proceeds += lamports;
          };
          for (const [percent, lamports] of parts) sell(tokensForPercent(state, percent), lamports);
          sell(availableTokens(state), lastLamports);
          expect(state.soldTokens).to.equal(entryTokens);
          expect(profit).to.equal(proceeds - entryLamports);
        },
      ),
    );
  });

  it('never books more than the position holds', () => {
    const oversell = { tokens: 3_000_001n, reserved: 3_000_000n, lamports: 1n };
    expect(() => bookSale(holding({ reservedTokens: 3_000_000n }), oversell, 6)).to.throw(RangeError);
    expect(costOfSale(holding(), 3_000_000n)).to.equal(1_000_000_000n);
  });
});
