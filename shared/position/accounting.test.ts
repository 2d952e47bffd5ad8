import { expect } from 'chai';
import fc from 'fast-check';
import {
  availableTokens,
  bookRelease,
  bookSale,
  costOfSale,
  dustUnits,
  type Holding,
  positionStatus,
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

  it('count as dust what the settings say', () => {
    expect([dustUnits(6, '0.5'), dustUnits(6, '0'), dustUnits(2, '0.019')]).to.deep.equal([500_000n, 0n, 1n]);
    const all = { tokens: 2_500_000n, reserved: 2_500_000n, lamports: 1n };
    const closed = bookSale(holding({ reservedTokens: 2_500_000n }), all, 6, dustUnits(6, '0.5'));
    expect(closed).to.include({ status: 'CLOSED', dustTokens: 500_000n });
    expect(bookSale(holding({ reservedTokens: 2_500_000n }), all, 6)).to.include({ status: 'PARTIAL_EXIT' });
  });
});

describe('X5 the status of a position', () => {
  const table = [
    { sold: 0n, reserved: 0n, status: 'OPEN' },
    { sold: 0n, reserved: 1n, status: 'EXIT_PENDING' },
    { sold: 1n, reserved: 0n, status: 'PARTIAL_EXIT' },
    { sold: 2_998_999n, reserved: 0n, status: 'PARTIAL_EXIT' },
    { sold: 2_999_000n, reserved: 0n, status: 'CLOSED' },
    { sold: 2_999_000n, reserved: 1_000n, status: 'EXIT_PENDING' },
    { sold: 3_000_000n, reserved: 0n, status: 'CLOSED' },
  ] as const;
  for (const { sold, reserved, status } of table) {
    it(`is ${status} with ${sold} of 3000000 sold and ${reserved} reserved`, () => {
      expect(positionStatus(holding({ soldTokens: sold, reservedTokens: reserved }), 1_000n)).to.equal(status);
    });
  }

  it('comes back as it was when an exit ends without a sale, and follows from the amounts alone in between', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('reserve' as const), percent: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ kind: fc.constantFrom('fill' as const, 'release' as const), pick: fc.nat(10) }),
    );
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 9n), fc.array(step, { maxLength: 30 }), (entryTokens, steps) => {
        let state = holding({ entryTokens });
        let status: string = 'OPEN';
        const live: { tokens: bigint; before: string; sold: bigint }[] = [];
        for (const each of steps) {
          if (status === 'CLOSED') break;
          if (each.kind === 'reserve') {
            const tokens = tokensForPercent(state, each.percent);
            if (tokens === 0n) continue;
            live.push({ tokens, before: status, sold: state.soldTokens });
            state = { ...state, reservedTokens: state.reservedTokens + tokens };
            status = positionStatus(state, dustUnits(6));
            expect(status).to.equal('EXIT_PENDING');
            continue;
          }
          const [exit] = live.splice(each.pick % Math.max(1, live.length), 1);
          if (!exit) continue;
          const { tokens, before, sold } = exit;
          const after =
            each.kind === 'fill'
              ? bookSale(state, { tokens, reserved: tokens, lamports: 1n }, 6)
              : bookRelease(state, tokens, 6);
          const untouched = live.length === 0 && before !== 'EXIT_PENDING' && sold === state.soldTokens;
          if (each.kind === 'release' && untouched) expect(after.status).to.equal(before);
          state = { ...state, soldTokens: after.soldTokens, reservedTokens: after.reservedTokens };
          status = after.status;
          expect(status === 'EXIT_PENDING').to.equal(live.length > 0);
          expect(state.soldTokens + state.reservedTokens <= entryTokens).to.equal(true);
          expect(after.dustTokens).to.equal(status === 'CLOSED' ? entryTokens - state.soldTokens : 0n);
        }
      }),
    );
  });
});

describe('X4 an exit that ends without a sale', () => {
  const sold = { soldTokens: 2_999_500n, reservedTokens: 500n };

  it('closes the position if only dust is left', () => {
    expect(bookRelease(holding(sold), 500n, 6)).to.deep.equal({
      soldTokens: 2_999_500n,
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
