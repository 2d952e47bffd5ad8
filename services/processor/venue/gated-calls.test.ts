import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { ApiGate, type ApiGateOptions } from '../../../shared/gate/api-gate.js';
import { host, level, memoryLogger } from '../../../shared/gate/test-helpers.js';
import { OrderPriority } from '../../../shared/order/priority.js';
import { type CallLevel, callUnder, directCalls, type Work } from './calls.js';
import { gatedCalls } from './gated-calls.js';
import { withUrgency } from './urgency.js';
import { isOutage, RpcError, VenueError } from './venue-error.js';

const BUDGET = 'jupiter api.test';

describe('A1 A6 calls of the venue through the gate', () => {
  const start = (options: ApiGateOptions = {}) => {
    const clock = new ManualClock();
    const gate = new ApiGate({ clock, refusableUrgency: OrderPriority.ENTRY, ...options });
    const call = gatedCalls({ gate, call: directCalls({ clock, timeoutMs: 10_000 }), clock });
    const ask = <T>(of: CallLevel, name: string, work: Work<T>, signal?: AbortSignal) =>
      callUnder(call, of, `api.test:${name}`, { budget: BUDGET, signal }, work);
    return { clock, gate, ask };
  };
  const thrown = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);
  const spent = { [BUDGET]: { requests: 2, windowMs: 60_000, reserve: 1, burst: 1 } };

  it('A1 each level is the gate’s level of that name', async () => {
    const { gate, ask } = start();
    for (const each of ['CRITICAL', 'HIGH', 'NORMAL', 'LOW'] as const) await ask(each, 'x', async () => 1);
    expect(gate.stats().levels.map(({ calls }) => calls)).to.deep.equal([1, 1, 1, 1]);
    expect(host(gate, BUDGET).inFlight).to.equal(0);
  });

  it('A3 a call that takes too long ends, and is counted out, though it never answers', async () => {
    const { clock, gate, ask } = start();
    const hangs = thrown(ask('CRITICAL', 'quote', () => new Promise(() => undefined)));
    expect(level(gate, 'CRITICAL').inFlight).to.equal(1);
    await clock.advance(10_000);
    expect(await hangs).to.have.property('message', 'api.test:quote gave no answer within 10000 ms');
    expect(level(gate, 'CRITICAL').inFlight).to.equal(0);
  });

  it('A3 the time of a call begins when it starts, not while it waits', async () => {
    const { clock, ask } = start();
    const critical = thrown(ask('CRITICAL', 'quote', () => new Promise(() => undefined)));
    let finish: () => void = () => undefined;
    const poll = ask(
      'HIGH',
      'poll',
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    await clock.advance(14_000);
    finish();
    await poll;
    expect(await critical).to.be.instanceOf(VenueError);
  });

  it('A3 a caller that gives up while it waits takes its call out of the queue', async () => {
    const { gate, ask } = start();
    const critical = new AbortController();
    const stop = new AbortController();
    const hangs = thrown(ask('CRITICAL', 'quote', () => new Promise(() => undefined), critical.signal));
    const gone = thrown(ask('HIGH', 'poll', () => Promise.reject(new Error('was made')), stop.signal));
    stop.abort(new Error('not wanted'));
    expect(await gone).to.have.property('message', 'not wanted');
    critical.abort(new Error('stopped'));
    await hangs;
    expect(level(gate, 'HIGH')).to.include({ waiting: 0, calls: 0 });
  });

  it('A6 critical calls carry the urgency of the order they are made for, asked for when it matters', async () => {
    const { clock, ask } = start({ budgets: spent });
    for (let n = 0; n < 2; n++) await ask('CRITICAL', 'quote', async () => 1);
    const started: string[] = [];
    let priority: number = OrderPriority.ENTRY;
    const order = (name: string, urgency: () => number) =>
      withUrgency(urgency, async () => {
        await Promise.resolve();
        await ask('CRITICAL', name, async () => started.push(name));
      });
    const orders = [
      order('take-profit', () => OrderPriority.EXIT_TAKE_PROFIT),
      order('raised', () => priority),
      order('stop-loss', () => OrderPriority.EXIT_STOP_LOSS),
    ];
    priority = OrderPriority.EMERGENCY;
    const nobody = ask('CRITICAL', 'nobody', async () => started.push('nobody'));
    await clock.advance(0);
    await clock.advance(10_000);
    await Promise.all([...orders, nobody]);
    expect(started).to.deep.equal(['raised', 'stop-loss', 'take-profit', 'nobody']);
  });

  it('P9 A6 at the bound an entry is refused as if by the venue, an exit and a call for nobody go on', async () => {
    const { clock, gate, ask } = start({ budgets: spent });
    for (let n = 0; n < 2; n++) await ask('CRITICAL', 'quote', async () => 1);
    const of = (urgency: number) =>
      withUrgency(
        () => urgency,
        () => thrown(ask('CRITICAL', 'quote', async () => 1)),
      );
    const ends = [
      of(OrderPriority.ENTRY),
      of(OrderPriority.EXIT_OTHER),
      thrown(ask('CRITICAL', 'quote', async () => 1)),
    ];
    await clock.advance(10_000);
    const [entry, exit, nobody] = await Promise.all(ends);
    expect([exit, nobody]).to.deep.equal([undefined, undefined]);
    expect(entry).to.be.instanceOf(VenueError).and.to.include({ kind: 'RATE_LIMITED', retryDelayMs: 50_000 });
    expect(isOutage(entry)).to.equal(true);
    expect(host(gate, BUDGET).overBudget).to.equal(2);
  });

  it('A6 what an answer says of the limit reaches the gate, with the level of its call', async () => {
    const { clock, gate, ask } = start();
    const limited = new Headers({ 'retry-after': '30' });
    await ask('NORMAL', 'price', async (_signal, onAnswer) => onAnswer(429, limited));
    expect(host(gate, BUDGET)).to.include({ limited: 1, limitedUntil: clock.now() + 30_000 });
    await ask('CRITICAL', 'quote', async () => 1);
    const scan = thrown(ask('NORMAL', 'price', async () => clock.now()));
    await clock.advance(15_000);
    expect(await scan).to.include({ kind: 'RATE_LIMITED', retryDelayMs: 15_000 });
  });

  it('A6 so does a limit that a node tells in JSON-RPC', async () => {
    const { gate, ask } = start();
    const refused = new RpcError(-32429, 'too many requests', undefined);
    expect(await thrown(ask('HIGH', 'getBalance', () => Promise.reject(refused)))).to.equal(refused);
    expect(host(gate, BUDGET).limited).to.equal(1);
  });

  it('A4 critical calls are logged with their arguments', async () => {
    const { logger, lines } = memoryLogger();
    const { clock, gate } = start({ logger });
    const call = gatedCalls({ gate, call: directCalls({ clock, timeoutMs: 10_000 }), clock });
    await call('CRITICAL', 'api.test:quote', async () => 1, { budget: BUDGET, args: () => ({ amount: '5' }) });
    expect(lines[0]).to.deep.include({ call: 'api.test:quote', args: { amount: '5' } });
  });
});
