import { expect } from 'chai';
import { ExitlaneError } from '../core/errors.js';
import { ApiCallPriority } from './api-call-priority.js';
import type { HostBudget } from './budget.js';
import { type Asked, type GateRig, gateRig, host, level, memoryLogger } from './test-helpers.js';

const { CRITICAL, HIGH, NORMAL, LOW } = ApiCallPriority;

/** 10 calls in 10 s, 4 of them for critical calls, the other 6 at once. */
const BUDGET: HostBudget = { requests: 10, windowMs: 10_000, reserve: 4, burst: 6 };
const API = { host: 'api' } as const;

describe('A6 budgets of hosts', () => {
  const budgets = { api: BUDGET };
  const countStarted = (asked: readonly Asked[]) => asked.filter(({ startedAt }) => startedAt !== undefined).length;
  const askMany = (rig: GateRig, count: number, asked: ApiCallPriority, urgency = 0) =>
    Array.from({ length: count }, (_, n) => rig.ask(asked, `${asked}-${n}`, { ...API, urgency }));

  it('A6 other calls stop at the reserve, critical ones use it, and none is made beyond the budget', () => {
    const rig = gateRig({ budgets });
    expect(countStarted(askMany(rig, 20, HIGH))).to.equal(6);
    expect(host(rig.gate, 'api')).to.include({ left: 4, waiting: 14 });
    expect(countStarted(askMany(rig, 20, CRITICAL))).to.equal(4);
    expect(host(rig.gate, 'api').left).to.equal(0);
    expect(countStarted([rig.ask(NORMAL, 'elsewhere', { host: 'other' })])).to.equal(0);
    expect(countStarted([rig.ask(CRITICAL, 'elsewhere', { host: 'other' })])).to.equal(1);
  });

  it('A6 what becomes free goes to the best level first, by the time the window frees it', async () => {
    const rig = gateRig({ budgets });
    for (const asked of askMany(rig, 6, HIGH)) await asked.finish();
    await rig.clock.advance(1_000);
    for (const asked of askMany(rig, 4, CRITICAL)) await asked.finish();
    for (const asked of [LOW, NORMAL, HIGH, CRITICAL]) rig.ask(asked, `late-${asked}`, API);
    rig.started.length = 0;
    await rig.clock.advance(8_999);
    expect(rig.started).to.deep.equal([]);
    await rig.clock.advance(1);
    // 6 calls are free again, and 4 of them are the reserve: the critical call's, and one more.
    expect(rig.started).to.deep.equal(['late-1', 'late-2']);
  });

  it('A6 among critical calls the more urgent order goes first, then the older call', async () => {
    const rig = gateRig({ budgets });
    for (const asked of askMany(rig, 10, CRITICAL)) await asked.finish();
    rig.started.length = 0;
    for (const [name, urgency] of [
      ['entry', 100],
      ['stop-1', 10],
      ['take', 30],
      ['emergency', 0],
      ['stop-2', 10],
    ] as const) {
      rig.ask(CRITICAL, name, { ...API, urgency });
    }
    await rig.clock.advance(10_000);
    expect(rig.started).to.deep.equal(['emergency', 'stop-1', 'stop-2', 'take', 'entry']);
  });

  for (const [asked, others] of [
    [CRITICAL, 0],
    [NORMAL, 4],
  ] as const) {
    it(`A3 A6 a new call of level ${asked} does not overtake the waiting one in the moment the budget is free`, async () => {
      const rig = gateRig({ budgets });
      // Set before the gate's own timer for the same moment, and so called before it.
      rig.clock.setTimer(() => rig.ask(asked, 'new', API), 10_000);
      for (const each of askMany(rig, 10 - others, asked)) await each.finish();
      rig.ask(asked, 'old', API);
      rig.started.length = 0;
      await rig.clock.advance(10_000);
      expect(rig.started).to.deep.equal(['old', 'new']);
    });
  }

  it('A6 a call that is not critical ends with RATE_LIMITED at its bound, and says when to come back', async () => {
    const rig = gateRig({ budgets, budgetWaitMs: 6_000 });
    askMany(rig, 6, NORMAL);
    const waiting = [HIGH, NORMAL, LOW].map((asked) => rig.ask(asked, 'api:price', API));
    await rig.clock.advance(5_999);
    for (const { outcome } of waiting) expect(outcome).to.equal(undefined);
    await rig.clock.advance(1);
    for (const asked of waiting) {
      const error = errorOf(asked);
      expect(error).to.include({ reason: 'RATE_LIMITED', status: 'RESOURCE_EXHAUSTED', retryDelayMs: 4_000 });
      expect(error.message).to.match(/api:price was not called: it waited 6000 ms for the budget of api/);
    }
    expect(level(rig.gate, 'HIGH')).to.include({ refused: 1, waiting: 0 });
  });

  it('P9 A6 at its bound the critical call of an exit goes on over the budget, that of an entry ends', async () => {
    const rig = gateRig({ budgets, refusableUrgency: 100, criticalWaitMs: 4_000 });
    askMany(rig, 10, CRITICAL);
    const entry = rig.ask(CRITICAL, 'entry', { ...API, urgency: 100 });
    const exit = rig.ask(CRITICAL, 'exit', { ...API, urgency: 30 });
    await rig.clock.advance(3_999);
    expect([entry.outcome, exit.startedAt]).to.deep.equal([undefined, undefined]);
    await rig.clock.advance(1);
    expect(errorOf(entry).reason).to.equal('RATE_LIMITED');
    expect(exit.startedAt).to.equal(rig.clock.now());
    expect(host(rig.gate, 'api').overBudget).to.equal(1);
  });

  it('P9 A6 a more urgent critical call goes before the one whose time is up', async () => {
    const rig = gateRig({ budgets, criticalWaitMs: 4_000 });
    askMany(rig, 10, CRITICAL);
    rig.ask(CRITICAL, 'stop-loss', { ...API, urgency: 10 });
    await rig.clock.advance(3_000);
    rig.ask(CRITICAL, 'emergency', { ...API, urgency: 0 });
    rig.ask(CRITICAL, 'take-profit', { ...API, urgency: 30 });
    await rig.clock.advance(1_000);
    expect(rig.started.slice(10)).to.deep.equal(['emergency', 'stop-loss']);
  });

  it('P9 A6 an exit passes a host that says no for an hour', async () => {
    const rig = gateRig({ refusableUrgency: 100 });
    rig.gate.noteAnswer('api', CRITICAL, { limited: true, remaining: 0, resetMs: 3_600_000, retryAfterMs: 3_600_000 });
    const exit = rig.ask(CRITICAL, 'exit', { ...API, urgency: 0 });
    await rig.clock.advance(10_000);
    expect(exit.startedAt).to.equal(rig.clock.now());
  });

  it('A6 a 429 stops other calls, then lets them go on when the host said so', async () => {
    const rig = gateRig({ budgets });
    rig.gate.noteAnswer('api', NORMAL, { limited: true, retryAfterMs: 2_000 });
    const scan = rig.ask(NORMAL, 'scan', API);
    const quote = rig.ask(CRITICAL, 'quote', API);
    expect([scan.startedAt, quote.startedAt]).to.deep.equal([undefined, rig.clock.now()]);
    expect(host(rig.gate, 'api')).to.include({ limited: 1, limitedUntil: rig.clock.now() + 2_000 });
    await quote.finish();
    await rig.clock.advance(1_999);
    expect(scan.startedAt).to.equal(undefined);
    await rig.clock.advance(1);
    expect(scan.startedAt).to.equal(rig.clock.now());
  });

  it('A6 the host’s count of calls left counts, where it is less than ours', async () => {
    const rig = gateRig({ budgets });
    rig.gate.noteAnswer('api', NORMAL, { limited: false, remaining: 6, granted: 10, resetMs: 3_000 });
    expect(countStarted(askMany(rig, 6, NORMAL))).to.equal(2);
    expect(host(rig.gate, 'api')).to.include({ left: 4, resetsAt: rig.clock.now() + 3_000 });
    rig.gate.noteAnswer('api', NORMAL, { limited: false, remaining: 10, granted: 10, resetMs: 3_000 });
    await rig.clock.advance(0);
    expect(level(rig.gate, 'NORMAL').inFlight, 'after the host grants more').to.be.greaterThan(2);
  });

  it('A6 too many waiting calls: others get QUEUE_FULL, critical ones never wait in vain', async () => {
    const rig = gateRig({ budgets, waitingMax: 3, refusableUrgency: 100 });
    askMany(rig, 6 + 3, NORMAL);
    askMany(rig, 4, CRITICAL);
    const other = rig.ask(HIGH, 'other', API);
    const exit = rig.ask(CRITICAL, 'exit', { ...API, urgency: 50 });
    const entry = rig.ask(CRITICAL, 'entry', { ...API, urgency: 100 });
    await rig.clock.advance(0);
    expect(errorOf(other).reason).to.equal('QUEUE_FULL');
    expect(errorOf(entry).reason).to.equal('QUEUE_FULL');
    expect(exit.startedAt).to.equal(rig.clock.now());
    expect(level(rig.gate, 'NORMAL').waiting).to.equal(3);
  });

  it('closing ends every wait, and every call to come', async () => {
    const rig = gateRig({ budgets });
    const asked = askMany(rig, 8, NORMAL);
    rig.gate.close();
    const late = rig.ask(CRITICAL, 'late', API);
    for (const each of asked) await each.finish();
    expect(errorOf(asked[7]).reason).to.equal('SHUTTING_DOWN');
    expect(errorOf(late).reason).to.equal('SHUTTING_DOWN');
    expect(rig.clock.pendingTimers).to.equal(0);
    expect(level(rig.gate, 'NORMAL')).to.include({ inFlight: 0, waiting: 0 });
  });

  it('the log tells who waited, how long and why; long waits are warnings, but not all of them', async () => {
    const { logger, lines } = memoryLogger();
    const rig = gateRig({ budgets, logger, warnAfterMs: 3_000 });
    const critical = rig.ask(CRITICAL, 'api:quote', API);
    rig.ask(NORMAL, 'api:price', API);
    await rig.clock.advance(1_500);
    await critical.finish();
    expect(lines.at(-1)).to.deep.include({
      level: 'debug',
      call: 'api:price',
      priority: 'NORMAL',
      host: 'api',
      waitedMs: 1_500,
    });
    expect(lines.at(-1)).to.include({ why: 'critical calls in flight, the last one api:quote', outcome: 'started' });
    askMany(rig, 5, LOW);
    askMany(rig, 3, HIGH);
    lines.length = 0;
    await rig.clock.advance(10_000);
    const warnings = lines.filter((line) => line.level === 'warn');
    expect(lines).to.have.length(4);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include({ call: '2-0', level: 'warn', why: 'the budget of api', msg: 'a call waited long' });
    expect(warnings[0]).to.include({ untoldSinceLastWarning: 0 });
  });

  it('stats count waits by level: how many, how long in all, and the longest', async () => {
    const rig = gateRig();
    const critical = rig.ask(CRITICAL, 'critical');
    rig.ask(HIGH, 'one');
    await rig.clock.advance(1_000);
    rig.ask(HIGH, 'two');
    await rig.clock.advance(500);
    await critical.finish();
    const high = level(rig.gate, 'HIGH');
    expect(high).to.deep.include({ calls: 2, inFlight: 2, waits: { count: 2, totalMs: 2_000, maxMs: 1_500 } });
    expect(high.averageWaitMs).to.be.within(1, 100);
    expect(level(rig.gate, 'CRITICAL').waits).to.deep.equal({ count: 0, totalMs: 0, maxMs: 0 });
  });
});

function errorOf(asked: Asked | undefined): ExitlaneError {
  const error = asked?.outcome && 'error' in asked.outcome ? asked.outcome.error : undefined;
  if (!(error instanceof ExitlaneError)) throw new Error('the call did not end with an error of the catalogue');
  return error;
}
