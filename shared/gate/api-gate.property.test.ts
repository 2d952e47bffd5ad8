import { expect } from 'chai';
import * as fc from 'fast-check';
import { settle } from '../queue/test-helpers.js';
import { ApiCallPriority } from './api-call-priority.js';
import { BUDGET_WAIT_MS, BUDGETS, CRITICAL_WAIT_MS, ENTRY, Schedule, type Step, step } from './test-schedule.js';

const { CRITICAL } = ApiCallPriority;

async function play(refusableUrgency: number, steps: readonly Step[]): Promise<Schedule> {
  const schedule = new Schedule(refusableUrgency);
  for (const action of steps) await schedule.run(action);
  for (const { end } of schedule.asked) end.resolve();
  await settle();
  // Long enough for every bound; what starts on the way ends at once.
  await schedule.clock.advance(BUDGET_WAIT_MS + CRITICAL_WAIT_MS);
  await settle();
  return schedule;
}

describe('A2 A3 A6 the gate under random schedules', () => {
  const schedules = fc.array(step, { minLength: 10, maxLength: 120, size: 'max' });

  it('A3 counters exact, best first, nothing starved, budgets kept, reserves for critical calls alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, ENTRY, Number.POSITIVE_INFINITY), schedules, async (refusable, steps) => {
        const { asked, broken, gate, clock } = await play(refusable, steps);
        expect(broken).to.deep.equal([]);
        for (const { isSettled, arrival } of asked) expect(isSettled, `end of call ${arrival}`).to.equal(true);
        for (const level of gate.stats().levels) expect(level).to.include({ inFlight: 0, waiting: 0 });
        expect(clock.pendingTimers).to.equal(0);
      }),
      { numRuns: 120 },
    );
  });

  it('P9 no critical call of an exit is ever refused, and none of its waits is longer than the bound', async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async (steps) => {
        const { asked } = await play(ENTRY, steps);
        for (const { level, urgency, since, startedAt, stop, arrival } of asked) {
          if (level !== CRITICAL || urgency >= ENTRY || stop.signal.aborted) continue;
          expect(startedAt, `start of call ${arrival}`).not.to.equal(undefined);
          expect((startedAt ?? 0) - since).to.be.at.most(CRITICAL_WAIT_MS);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('A6 with all critical calls refusable no span of a window ever holds more than the budget', async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async (steps) => {
        const { asked, gate } = await play(0, steps);
        for (const { overBudget } of gate.stats().hosts) expect(overBudget).to.equal(0);
        for (const [host, { requests, windowMs }] of Object.entries(BUDGETS)) {
          const times = asked
            .flatMap((call) => (call.host === host ? (call.startedAt ?? []) : []))
            .sort((a, b) => a - b);
          for (const [n, at] of times.entries()) {
            const first = times[n - requests];
            if (first !== undefined) expect(at - first).to.be.at.least(windowMs);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
