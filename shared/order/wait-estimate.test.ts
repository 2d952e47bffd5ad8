import { expect } from 'chai';
import fc from 'fast-check';
import { OrderPriority } from './priority.js';
import { recordedWaits } from './testing/recorded-waits.js';
import { estimateWait, type Occupant, type WaitFacts } from './wait-estimate.js';

const ENTRY: Occupant = { priority: OrderPriority.ENTRY, orderType: 'ENTRY', sent: false };
const STOP: Occupant = { priority: OrderPriority.EXIT_STOP_LOSS, orderType: 'EXIT', sent: false };

function facts(more: Partial<WaitFacts> = {}): WaitFacts {
  const holds = { meanMs: 600, varianceMs2: 10_000 };
  return { slots: 3, occupants: [], queued: [], arrivalsPerMinute: [], holds, ...more };
}

describe('P6 the estimated wait', () => {
  it('is calibrated: nine in ten orders of a recorded run waited as long as was said', () => {
    const said = recordedWaits().flatMap(({ priority, facts: known, waitedMs }) => {
      const range = estimateWait(priority, known);
      return range ? [{ ...range, waitedMs }] : [];
    });
    expect(said).to.have.length.greaterThan(100);
    const right = said.filter(({ minMs, maxMs, waitedMs }) => minMs <= waitedMs && waitedMs <= maxMs);
    expect(right.length / said.length).to.be.at.least(0.9);
  });

  it('says something: a range is seldom wider than twice its middle, where an order had to wait at all', () => {
    const waits = recordedWaits().flatMap(({ priority, facts: known }) => estimateWait(priority, known) ?? []);
    const long = waits.filter(({ minMs }) => minMs > 0);
    expect(long).to.have.length.greaterThan(20);
    const narrow = long.filter(({ minMs, maxMs }) => maxMs - minMs <= minMs + maxMs);
    expect(narrow.length / long.length).to.be.at.least(0.9);
  });

  it('is next to nothing with a free slot, for an exit behind entries, and for an emergency behind sent exits', () => {
    const now = { minMs: 0, maxMs: 250 };
    expect(estimateWait(OrderPriority.ENTRY, facts({ occupants: [ENTRY, STOP] }))).to.deep.equal(now);
    expect(estimateWait(OrderPriority.EXIT_OTHER, facts({ occupants: [ENTRY, ENTRY, ENTRY] }))).to.deep.equal(now);
    const sent = { ...STOP, sent: true };
    expect(estimateWait(OrderPriority.EMERGENCY, facts({ occupants: [sent, sent, sent] }))).to.deep.equal(now);
    expect(estimateWait(OrderPriority.EMERGENCY, facts({ occupants: [STOP, STOP, STOP] }))?.maxMs).to.be.above(250);
  });

  it('is not made up while nothing is known of how long slots are held', () => {
    const full = { occupants: [ENTRY, ENTRY, ENTRY], holds: undefined };
    expect(estimateWait(OrderPriority.ENTRY, facts(full))).to.equal(undefined);
  });

  it('grows with what is ahead and with what will come ahead, and is always a range', () => {
    const level = fc.record({ priority: fc.constantFrom(...Object.values(OrderPriority)), count: fc.nat(1_000) });
    const known = fc.record({
      slots: fc.integer({ min: 1, max: 20 }),
      occupants: fc.constant([] as Occupant[]),
      queued: fc.array(level, { maxLength: 7 }),
      arrivalsPerMinute: fc.array(level, { maxLength: 7 }),
      holds: fc.record({ meanMs: fc.integer({ min: 1, max: 60_000 }), varianceMs2: fc.nat(1_000_000) }),
    });
    fc.assert(
      fc.property(known, fc.constantFrom(...Object.values(OrderPriority)), (some, priority) => {
        const range = estimateWait(priority, some);
        const longer = { ...some, queued: [...some.queued, { priority, count: 5 }] };
        const busier = { ...some, arrivalsPerMinute: [...some.arrivalsPerMinute, { priority: -1, count: 60 }] };
        for (const more of [estimateWait(priority, longer), estimateWait(priority, busier)]) {
          expect(more?.maxMs).to.be.at.least(range?.maxMs ?? 0);
        }
        expect(range?.minMs).to.be.within(0, range?.maxMs ?? 0);
      }),
    );
  });
});
