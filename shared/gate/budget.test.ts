import { expect } from 'chai';
import * as fc from 'fast-check';
import { Budget, budgetOf } from './budget.js';

describe('A6 the budget of a host', () => {
  it('Jupiter without a key: 30 calls in any 60 s, 9 of them for critical calls, others 2 at once', () => {
    const budget = budgetOf({ requestsPerSecond: 0.5, windowMs: 60_000 });
    expect(budget).to.deep.equal({ requests: 30, windowMs: 60_000, reserve: 9, burst: 2 });
  });

  const shares: [number, number, number, number][] = [
    [10, 1_000, 100, 10],
    [10, 1_000, 50, 5],
    [0.29, 100_000, 100, 29],
    [1, 60_000, 33, 19],
    [1, 60_000, 34, 20],
  ];
  for (const [requestsPerSecond, windowMs, sharePercent, requests] of shares) {
    it(`${sharePercent} % of ${requestsPerSecond}/s are ${requests} calls in ${windowMs} ms`, () => {
      expect(budgetOf({ requestsPerSecond, windowMs, sharePercent }).requests).to.equal(requests);
    });
  }

  it('the shares of several processors never add up to more than is granted', () => {
    return fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 100 }), (processors, rate) => {
        const sharePercent = Math.floor(100 / processors);
        fc.pre((rate * 60 * sharePercent) / 100 >= 2);
        const { requests } = budgetOf({ requestsPerSecond: rate, windowMs: 60_000, sharePercent });
        expect(requests * processors).to.be.at.most(rate * 60);
      }),
    );
  });

  it('a share without room for a critical and another call is refused', () => {
    expect(() => budgetOf({ requestsPerSecond: 0.5, windowMs: 60_000, sharePercent: 3 })).to.throw(RangeError, /3 %/);
    const { reserve, requests } = budgetOf({ requestsPerSecond: 2, windowMs: 1_000, reservePercent: 90 });
    expect([reserve, requests]).to.deep.equal([1, 2]);
  });

  for (const wrong of [
    { requests: 0 },
    { requests: 1.5 },
    { reserve: 10 },
    { reserve: -1 },
    { burst: 0 },
    { burst: 8 },
    { windowMs: 0 },
  ]) {
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      const right = { requests: 10, windowMs: 1_000, reserve: 3, burst: 7 };
      expect(() => new Budget(right)).not.to.throw();
      expect(() => new Budget({ ...right, ...wrong })).to.throw(RangeError);
    });
  }

  it('a clock that is set back blocks nothing for longer than a window', () => {
    const budget = new Budget({ requests: 2, windowMs: 1_000, reserve: 1, burst: 1 });
    budget.take(true, 10_000_000);
    budget.take(true, 10_000_000);
    expect(budget.waitMs(true, 5_000)).to.equal(1_000);
    expect(budget.waitMs(true, 6_000)).to.equal(0);
  });

  const limits = fc
    .record({ requests: fc.integer({ min: 2, max: 40 }), windowMs: fc.integer({ min: 10, max: 5_000 }) })
    .chain(({ requests, windowMs }) =>
      fc.integer({ min: 0, max: requests - 1 }).chain((reserve) =>
        fc.record({
          requests: fc.constant(requests),
          windowMs: fc.constant(windowMs),
          reserve: fc.constant(reserve),
          burst: fc.integer({ min: 1, max: requests - reserve }),
        }),
      ),
    );
  const wishes = fc.array(
    fc.record({ critical: fc.boolean(), afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 500 })) }),
    { maxLength: 300 },
  );

  it('is never exceeded in any span of its window, and its reserve is used by critical calls alone', () => {
    return fc.assert(
      fc.property(limits, wishes, (limit, asked) => {
        const budget = new Budget(limit);
        const { requests, windowMs, reserve } = limit;
        const taken: number[] = [];
        let now = Date.UTC(2026, 0, 1);
        for (const { critical, afterMs } of asked) {
          now += afterMs;
          const before = taken.filter((at) => at > now - windowMs).length;
          expect(budget.left(now)).to.equal(requests - before);
          if (budget.waitMs(critical, now) > 0) continue;
          budget.take(critical, now);
          taken.push(now);
          expect(before + 1).to.be.at.most(critical ? requests : requests - reserve);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('lets a call through exactly when the time it named is over', () => {
    return fc.assert(
      fc.property(limits, wishes, (limit, asked) => {
        const budget = new Budget(limit);
        let now = Date.UTC(2026, 0, 1);
        for (const { critical, afterMs } of asked) {
          now += afterMs;
          const wait = budget.waitMs(critical, now);
          expect(wait).to.be.at.most(limit.windowMs + 1);
          if (wait > 0) expect(budget.waitMs(critical, now + wait - 1)).to.be.greaterThan(0);
          now += wait;
          expect(budget.waitMs(critical, now)).to.equal(0);
          budget.take(critical, now);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('others than critical calls are spread over the window after a burst', () => {
    const budget = new Budget({ requests: 60, windowMs: 60_000, reserve: 0, burst: 5 });
    let now = 0;
    const starts: number[] = [];
    while (starts.length < 20) {
      now += budget.waitMs(false, now);
      budget.take(false, now);
      starts.push(now);
    }
    expect(starts.slice(0, 5)).to.deep.equal([0, 0, 0, 0, 0]);
    expect(starts.slice(5)).to.deep.equal(Array.from({ length: 15 }, (_, n) => (n + 1) * 1_000));
    expect(budget.waitMs(true, now)).to.equal(0);
  });
});
