import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { ManualClock } from '../../../shared/core/clock.js';
import { silentLogger as logger } from '../../../shared/core/logger.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { MISSING_RETRY_MS, REOPEN_MS_MAX, STREAM_SILENCE_MS } from '../limits.js';
import { keepFollowing } from './follow.js';

const STEP_MS = 50;
const failure = (code: status) => new CallError('watch', Object.assign(new Error('no'), { code, details: 'no' }));

describe('P6 following a stream for ever', () => {
  let clock: ManualClock;
  let stop: AbortController;
  let log: string[];
  let running: Promise<void>;
  beforeEach(() => {
    clock = new ManualClock();
    stop = new AbortController();
    log = [];
  });
  afterEach(async () => {
    stop.abort(new Error('the test is over'));
    await running;
  });

  /** Each connection plays the next part; the last one again and again. */
  function follow(...parts: readonly ((signal: AbortSignal) => AsyncGenerator<string>)[]): void {
    let opened = 0;
    running = keepFollowing<string>(
      {
        name: 'watch',
        open: (signal) => {
          const part = parts[Math.min(opened, parts.length - 1)];
          opened += 1;
          log.push(`open ${opened}`);
          if (!part) throw new Error('no part to play');
          return part(signal);
        },
        onOpen: () => log.push('up'),
        onFrame: (frame) => log.push(frame),
        onBroken: (error) => log.push(error instanceof CallError ? error.status : (error as Error).message),
      },
      { clock, logger, signal: stop.signal },
    );
  }

  /** In steps: what was set in motion sets its next timer before the time for it is over. */
  async function pass(ms: number): Promise<void> {
    await clock.advance(0);
    for (let left = ms; left > 0; left -= STEP_MS) await clock.advance(Math.min(STEP_MS, left));
  }

  async function* breaks(): AsyncGenerator<string> {
    yield 'one';
    throw failure(status.UNAVAILABLE);
  }

  async function* holds(signal: AbortSignal): AsyncGenerator<string> {
    yield 'two';
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  }

  // biome-ignore lint/correctness/useYield: a call that the service does not have yields nothing
  async function* missing(): AsyncGenerator<string> {
    throw failure(status.UNIMPLEMENTED);
  }

  it('opens again what broke, and says so in between', async () => {
    follow(breaks, holds);
    await pass(REOPEN_MS_MAX);
    expect(log).to.deep.equal(['open 1', 'up', 'one', 'UNAVAILABLE', 'open 2', 'up', 'two']);
  });

  it('takes a stream that ended, or fell silent, for broken', async () => {
    const ends = async function* (): AsyncGenerator<string> {
      yield 'one';
    };
    follow(ends, holds);
    await pass(REOPEN_MS_MAX);
    expect(log.slice(3, 5)).to.deep.equal(['the service ended the stream', 'open 2']);
    await pass(STREAM_SILENCE_MS + REOPEN_MS_MAX);
    expect(log.slice(7, 9)).to.deep.equal(['no sign of life for 40 s', 'open 3']);
  });

  it('asks rarely for what the service does not have', async () => {
    follow(missing);
    await pass(MISSING_RETRY_MS - STEP_MS);
    expect(log).to.deep.equal(['open 1', 'UNIMPLEMENTED']);
    await pass(STEP_MS);
    expect(log).to.deep.equal(['open 1', 'UNIMPLEMENTED', 'open 2', 'UNIMPLEMENTED']);
  });

  it('waits longer each time, up to a bound, and starts small again after a good connection', async () => {
    // biome-ignore lint/correctness/useYield: a service that is down yields nothing
    const down = async function* (): AsyncGenerator<string> {
      throw failure(status.UNAVAILABLE);
    };
    follow(down);
    await pass(60_000);
    const opened = log.filter((line) => line.startsWith('open')).length;
    expect(opened).to.be.within(60_000 / REOPEN_MS_MAX, (60_000 / REOPEN_MS_MAX) * 2 + 6);
  });
});
