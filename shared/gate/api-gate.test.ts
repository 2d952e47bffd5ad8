import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { settle } from '../queue/test-helpers.js';
import { ApiCallPriority } from './api-call-priority.js';
import { ApiGate } from './api-gate.js';
import { gateRig, level, memoryLogger } from './test-helpers.js';

const { CRITICAL, HIGH, NORMAL, LOW } = ApiCallPriority;

describe('A1 levels of API calls', () => {
  it('are CRITICAL 1, HIGH 2, NORMAL 3, LOW 4', () => {
    expect(ApiCallPriority).to.deep.equal({ CRITICAL: 1, HIGH: 2, NORMAL: 3, LOW: 4 });
  });

  it('executeWithPriority gives what the call gives', async () => {
    const gate = new ApiGate();
    expect(await gate.executeWithPriority(async () => 'answer', NORMAL, 'api:ask')).to.equal('answer');
    const boom = new Error('boom');
    const thrown = await gate.executeWithPriority(() => Promise.reject(boom), LOW, 'api:ask').catch((error) => error);
    expect(thrown).to.equal(boom);
  });
});

describe('A2 critical calls go first', () => {
  it('A2 a critical call never waits for other calls', async () => {
    const { clock, ask, started } = gateRig();
    for (const other of [CRITICAL, HIGH, NORMAL, LOW]) ask(other, `first-${other}`);
    for (const other of [HIGH, NORMAL, LOW]) ask(other, `waiting-${other}`);
    ask(CRITICAL, 'critical');
    expect(started.at(-1)).to.equal('critical');
    expect(clock.now()).to.equal(Date.UTC(2026, 0, 1));
  });

  for (const other of [HIGH, NORMAL, LOW] as const) {
    it(`A2 a new call of level ${other} waits for a critical one, at most 5 s`, async () => {
      const { clock, ask } = gateRig();
      ask(CRITICAL, 'hangs');
      const waiting = ask(other, 'waits', { host: 'another' });
      await clock.advance(4_999);
      expect(waiting.startedAt).to.equal(undefined);
      await clock.advance(1);
      expect(waiting.startedAt).to.equal(clock.now());
    });
  }

  it('A2 how long is configurable, and counts for each call from its own arrival', async () => {
    const { clock, ask } = gateRig({ maxWaitMs: 300 });
    ask(CRITICAL, 'hangs');
    const one = ask(NORMAL, 'one');
    await clock.advance(200);
    const two = ask(HIGH, 'two');
    await clock.advance(100);
    expect([one.startedAt !== undefined, two.startedAt]).to.deep.equal([true, undefined]);
    await clock.advance(200);
    expect(two.startedAt).to.equal(clock.now());
  });

  it('A2 calls under way are left alone, and later ones go on when the last critical call has ended', async () => {
    const { ask } = gateRig();
    const early = ask(LOW, 'early');
    const critical = [ask(CRITICAL, 'one'), ask(CRITICAL, 'two')];
    const late = ask(HIGH, 'late');
    await early.finish();
    expect(early.outcome).to.deep.equal({ value: 'early' });
    await critical[0]?.finish();
    expect(late.startedAt).to.equal(undefined);
    await critical[1]?.finish();
    expect(late.startedAt).not.to.equal(undefined);
  });
});

describe('A3 waiting calls are released by event', () => {
  it('A3 best level first, in order of arrival within it, at once and without time passing', async () => {
    const { clock, ask, started } = gateRig();
    const critical = ask(CRITICAL, 'critical');
    for (const name of ['L1', 'N1', 'H1', 'L2', 'H2', 'N2']) {
      const asked = { L: LOW, N: NORMAL, H: HIGH }[name[0] ?? ''] ?? LOW;
      // Levels and order count across hosts.
      ask(asked, name, { host: name.endsWith('1') ? 'one' : 'two' });
    }
    expect(started).to.deep.equal(['critical']);
    await critical.finish();
    expect(started).to.deep.equal(['critical', 'H1', 'H2', 'N1', 'N2', 'L1', 'L2']);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('A3 a call starts in the context of its caller, not of the call that let it', async () => {
    const { ask, gate } = gateRig();
    const callers = new AsyncLocalStorage<string>();
    let seen: string | undefined;
    const critical = callers.run('critical', () => ask(CRITICAL, 'critical'));
    const waits = callers.run('scanner', () =>
      gate.executeWithPriority(
        async () => {
          seen = callers.getStore();
        },
        NORMAL,
        'scan',
      ),
    );
    await callers.run('critical', () => critical.finish());
    await waits;
    expect(seen).to.equal('scanner');
  });

  const ends: [string, (gate: ApiGate) => Promise<unknown>][] = [
    ['returns', (gate) => gate.executeWithPriority(async () => 1, CRITICAL, 'x')],
    ['rejects', (gate) => gate.executeWithPriority(() => Promise.reject(new Error('no')), CRITICAL, 'x')],
    [
      'throws before it returns a promise',
      (gate) =>
        gate.executeWithPriority(
          () => {
            throw new Error('no');
          },
          CRITICAL,
          'x',
        ),
    ],
    [
      'times out and never answers',
      (gate) => {
        const timeOut = new AbortController();
        const signal = timeOut.signal;
        const endless = gate.executeWithPriority(() => new Promise(() => undefined), CRITICAL, 'x', { signal });
        timeOut.abort(new Error('too long'));
        return endless;
      },
    ],
    [
      'answers after it was aborted',
      async (gate) => {
        const stop = new AbortController();
        const end = new Promise((resolve) => setImmediate(resolve));
        const late = gate.executeWithPriority(() => end, CRITICAL, 'x', { signal: stop.signal });
        stop.abort(new Error('stopped'));
        await late.catch(() => undefined);
        await end;
      },
    ],
    ['was aborted before', (gate) => gate.executeWithPriority(async () => 1, CRITICAL, 'x', { signal: ABORTED })],
    [
      'cannot even be logged',
      (gate) =>
        gate.executeWithPriority(async () => 1, CRITICAL, 'x', {
          args: () => {
            throw new Error('no facts');
          },
        }),
    ],
  ];
  for (const [how, execute] of ends) {
    it(`A3 the critical counter is 0 again when the call ${how}`, async () => {
      const gate = new ApiGate({ logger: memoryLogger().logger });
      await execute(gate).catch(() => undefined);
      await settle();
      expect(level(gate, 'CRITICAL').inFlight).to.equal(0);
      let started = false;
      await gate.executeWithPriority(
        async () => {
          started = true;
        },
        LOW,
        'after',
      );
      expect(started).to.equal(true);
    });
  }

  it('A3 a waiting call whose signal aborts leaves the queue and is never made', async () => {
    const { clock, ask, gate, started } = gateRig();
    const stop = new AbortController();
    const critical = ask(CRITICAL, 'critical');
    const gone = ask(HIGH, 'gone', { signal: stop.signal });
    const stays = ask(HIGH, 'stays');
    expect(level(gate, 'HIGH').waiting).to.equal(2);
    const reason = new Error('nobody wants it any more');
    stop.abort(reason);
    await settle();
    expect(gone.outcome).to.deep.equal({ error: reason });
    expect(level(gate, 'HIGH').waiting).to.equal(1);
    await critical.finish();
    await stays.finish();
    expect(started).to.deep.equal(['critical', 'stays']);
    expect(clock.pendingTimers).to.equal(0);
    expect(gate.stats().levels.map(({ inFlight, waiting }) => inFlight + waiting)).to.deep.equal([0, 0, 0, 0]);
  });

  it('A3 a signal that aborts between the release and the start keeps the call from being made', async () => {
    const { ask, gate, started } = gateRig();
    const stop = new AbortController();
    const critical = ask(CRITICAL, 'critical');
    const first = gate.executeWithPriority(async () => stop.abort(new Error('gone')), HIGH, 'first');
    const second = ask(HIGH, 'second', { signal: stop.signal });
    await critical.finish();
    await first;
    expect(started).to.deep.equal(['critical']);
    expect(second.outcome).to.have.nested.property('error.message', 'gone');
    expect(level(gate, 'HIGH')).to.include({ calls: 2, inFlight: 0, waiting: 0 });
  });
});

const ABORTED = AbortSignal.abort(new Error('before'));

// What it costs in microseconds is measured by bench/gate.ts.
describe('A4 what an uncontended call costs', () => {
  it('A4 it has started when executeWithPriority returns, without a timer', () => {
    const { clock, ask, started } = gateRig();
    for (const each of [LOW, NORMAL, HIGH, CRITICAL]) ask(each, `level-${each}`);
    expect(started).to.deep.equal(['level-4', 'level-3', 'level-2', 'level-1']);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('A4 critical calls are logged at debug with name and arguments, others are not', async () => {
    const { logger, lines } = memoryLogger();
    const gate = new ApiGate({ logger });
    const args = () => ({ inputMint: 'SOL', amount: '5' });
    await gate.executeWithPriority(async () => 1, CRITICAL, 'api:quote', { args });
    for (const other of [HIGH, NORMAL, LOW]) await gate.executeWithPriority(async () => 1, other, 'api:x', { args });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.deep.include({ level: 'debug', call: 'api:quote', args: args(), msg: 'critical call' });
  });

  it('A4 arguments are not even asked for when nobody reads them', async () => {
    const gate = new ApiGate({ logger: memoryLogger('info').logger });
    let asked = 0;
    const args = () => ({ asked: ++asked });
    await gate.executeWithPriority(async () => 1, CRITICAL, 'api:quote', { args });
    expect(asked).to.equal(0);
  });
});
