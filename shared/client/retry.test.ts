import { Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import fc from 'fast-check';
import { ManualClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import { seededRandom } from '../core/random.js';
import { CallError } from '../grpc/call-error.js';
import { toServiceError } from '../grpc/status.js';
import { failure } from '../grpc/testing/delivery.js';
import { type Repeat, type Retry, retryDelayMs, withRetries } from './retry.js';

const DEADLINE_MS = 10_000;

/** A failure of the transport, as grpc-js reports it. */
function broken(code: status, details: string): CallError {
  return new CallError('submitOrder', Object.assign(new Error(details), { code, details, metadata: new Metadata() }));
}

function refused(reason: ConstructorParameters<typeof ExitlaneError>[0], retryDelayMs?: number): CallError {
  const error = new ExitlaneError(reason, 'no', retryDelayMs === undefined ? {} : { retryDelayMs });
  return new CallError('submitOrder', toServiceError(error, silentLogger));
}

const lost = () => broken(status.UNAVAILABLE, 'Connection dropped');
const unsent = () => broken(status.UNAVAILABLE, 'No connection established. Last error: connect ECONNREFUSED');
const timedOut = () => broken(status.DEADLINE_EXCEEDED, 'Deadline exceeded after 5s');

/** Plays failures one after the other, then answers; time passes by itself while a wait is on. */
class Script {
  readonly clock = new ManualClock();
  readonly retries: Retry[] = [];
  /** What each try was given, milliseconds. */
  readonly tries: number[] = [];
  readonly #failures: (Error | 'hangs')[];
  #moving: Promise<void> = Promise.resolve();

  constructor(...failures: (Error | 'hangs')[]) {
    this.#failures = failures;
  }

  run(repeat: Repeat = 'harmless', more: { signal?: AbortSignal; deadlineMs?: number } = {}): Promise<string> {
    const attempt = async (deadlineMs: number) => {
      this.tries.push(deadlineMs);
      const next = this.#failures.shift();
      if (next === 'hangs') {
        const over = this.clock.sleep(deadlineMs);
        this.#pass(deadlineMs);
        await over;
        throw timedOut();
      }
      if (next) throw next;
      return 'answer';
    };
    return withRetries(attempt, {
      repeat,
      deadlineMs: DEADLINE_MS,
      clock: this.clock,
      random: { ...seededRandom(1), next: () => 0 },
      facts: { order_req_id: 'mine' },
      onRetry: (retry) => {
        this.retries.push(retry);
        setImmediate(() => this.#pass(retry.delayMs));
      },
      ...more,
    });
  }

  /** One move of the hands after the other. */
  #pass(ms: number): void {
    this.#moving = this.#moving.then(() => this.clock.advance(ms));
  }
}

describe('S6 a call is repeated only where that is safe', () => {
  const passing: readonly [string, () => CallError][] = [
    ['a lost connection', lost],
    ['no connection', unsent],
    ['a stream that was reset', () => broken(status.INTERNAL, 'Received RST_STREAM with code 2')],
    ['a process that ended', () => broken(status.CANCELLED, 'Call cancelled')],
    ['an answer that does not come', timedOut],
    ['a shutdown', () => refused('SHUTTING_DOWN')],
    ['a database that is away', () => refused('DATABASE_UNAVAILABLE')],
    ['a limit that says when it ends', () => refused('RATE_LIMITED', 20)],
    ['a full queue', () => refused('QUEUE_FULL', 1_000)],
  ];
  for (const [what, error] of passing) {
    it(`repeats a read or a request with an id after ${what}`, async () => {
      const script = new Script(error(), error());
      expect(await script.run()).to.equal('answer');
      expect(script.retries.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
    });
  }

  const final: readonly [string, () => Error][] = [
    ['INVALID_FIELD', () => refused('INVALID_FIELD')],
    ['ORDER_REQ_ID_TAKEN', () => refused('ORDER_REQ_ID_TAKEN')],
    ['ENTRY_REFUSED', () => refused('ENTRY_REFUSED')],
    ['NOT_AUTHENTICATED', () => refused('NOT_AUTHENTICATED')],
    ['INTERNAL', () => refused('INTERNAL')],
    ['a limit without an end', () => refused('TOO_MANY_CONNECTIONS')],
    ['an unknown method', () => broken(status.UNIMPLEMENTED, 'no')],
    ['a defect', () => new TypeError('a defect')],
  ];
  for (const [what, error] of final) {
    it(`repeats nothing after ${what}`, async () => {
      const script = new Script(error());
      await failure(script.run());
      expect(script.tries).to.have.lengthOf(1);
    });
  }

  it('repeats what acts again only when it certainly was not carried out', async () => {
    for (const error of [
      unsent(),
      broken(status.UNAVAILABLE, 'Stream refused by server'),
      refused('RATE_LIMITED', 5),
    ]) {
      expect(await new Script(error).run('acts-again'), error.message).to.equal('answer');
    }
    const open = [
      lost(),
      timedOut(),
      refused('SHUTTING_DOWN'),
      refused('DATABASE_UNAVAILABLE'),
      refused('QUEUE_FULL', 5),
    ];
    for (const error of open) {
      const script = new Script(error);
      await failure(script.run('acts-again'));
      expect(script.tries, error.message).to.have.lengthOf(1);
    }
  });
});

describe('S6 one deadline for all tries', () => {
  it('gives a try half of what is left, and the last one the rest', async () => {
    const script = new Script('hangs', 'hangs', 'hangs', 'hangs', 'hangs', 'hangs', 'hangs', 'hangs', 'hangs', 'hangs');
    const from = script.clock.now();
    const error = await failure(script.run());
    expect(error).to.include({ status: 'DEADLINE_EXCEEDED', outcomeUnknown: true });
    expect(script.clock.now() - from, 'time it took').to.be.within(DEADLINE_MS - 2_000, DEADLINE_MS);
    expect(script.tries[0]).to.equal(5_000);
    expect(script.tries.length).to.be.within(4, 8);
  });

  it('gives what cannot be repeated all of it at once', async () => {
    const script = new Script('hangs');
    const from = script.clock.now();
    await failure(script.run('acts-again'));
    expect(script.tries).to.deep.equal([DEADLINE_MS]);
    expect(script.clock.now() - from).to.equal(DEADLINE_MS);
  });

  it('does not wait for what lies behind the deadline', async () => {
    const script = new Script(refused('RATE_LIMITED', DEADLINE_MS + 1));
    const from = script.clock.now();
    const error = await failure(script.run());
    expect(error).to.include({ status: 'RESOURCE_EXHAUSTED', retryDelayMs: DEADLINE_MS + 1, outcomeUnknown: false });
    expect(script.clock.now() - from).to.equal(0);
    expect(script.tries).to.have.lengthOf(1);
  });

  it('never takes longer than the deadline, whatever fails how', async () => {
    const step = fc.constantFrom<() => Error | 'hangs'>(
      lost,
      unsent,
      () => 'hangs',
      () => refused('RATE_LIMITED', 700),
    );
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 20_000 }),
      async (steps, deadlineMs) => {
        const script = new Script(...steps.map((each) => each()));
        const from = script.clock.now();
        await script.run('harmless', { deadlineMs }).catch(() => undefined);
        return script.clock.now() - from <= deadlineMs;
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it("ends with the signal's reason while it waits", async () => {
    const stop = new AbortController();
    const script = new Script(refused('RATE_LIMITED', 5_000));
    const running = script.run('harmless', { signal: stop.signal });
    stop.abort(new Error('enough'));
    expect((await failure(running)).message).to.equal('enough');
    expect(script.clock.pendingTimers).to.equal(0);
  });
});

describe('S6 an error says whether the request may have been carried out', () => {
  const cases: readonly [string, readonly Error[], boolean][] = [
    ['never sent', [unsent()], false],
    ['lost', [lost()], true],
    ['a limit at the repeat of a lost one', [lost(), refused('RATE_LIMITED', 60_000)], true],
    ['a token withdrawn before the repeat of a lost one', [lost(), refused('NOT_AUTHENTICATED')], true],
    [
      'refused for good at the repeat of a lost one: it would have been found',
      [lost(), refused('ENTRY_REFUSED')],
      false,
    ],
    ['limits only', [refused('RATE_LIMITED', 1), refused('QUEUE_FULL', 60_000)], false],
    ['no price', [refused('PRICE_UNAVAILABLE', 60_000)], false],
  ];
  for (const [what, failures, unknown] of cases) {
    it(`${unknown ? 'it may' : 'it was not'}: ${what}`, async () => {
      const deadlineMs = failures.length === 1 ? 10 : DEADLINE_MS;
      const error = await failure(new Script(...failures).run('harmless', { deadlineMs }));
      expect(error).to.include({ name: 'CallError', outcomeUnknown: unknown, attempts: failures.length });
      expect((error as CallError).metadata).to.include({ order_req_id: 'mine' });
    });
  }
});

describe('S6 waits between tries', () => {
  it('grow to the most, half of them random, and on top of what the service asks', () => {
    expect([1, 2, 3, 20].map((attempt) => retryDelayMs(attempt, 0))).to.deep.equal([25, 50, 100, 1_000]);
    expect([1, 2, 3, 20].map((attempt) => retryDelayMs(attempt, 1))).to.deep.equal([50, 100, 200, 2_000]);
    expect(retryDelayMs(1, 0, 900)).to.equal(900);
    expect(retryDelayMs(1, 1, 900)).to.equal(925);
  });
});
