import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import fc from 'fast-check';
import { StreamOrderRequest } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { ManualClock, systemClock } from '../core/clock.js';
import { ExitlaneError } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import { seededRandom } from '../core/random.js';
import { CallError } from './call-error.js';
import { openStream } from './client.js';
import { followWithResume, type Reconnect, type ResumeOptions, resumeDelayMs } from './resume.js';
import { toServiceError } from './status.js';
import { collect, failure, Rig, sequenceOf } from './testing/delivery.js';

const random = { ...seededRandom(1), next: () => 0 };

/** A failure of the transport, as grpc-js reports it. */
function broken(code: status, details: string): CallError {
  return new CallError('streamOrder', Object.assign(new Error(details), { code, details, metadata: new Metadata() }));
}

function refused(error: ExitlaneError): CallError {
  return new CallError('streamOrder', toServiceError(error, silentLogger));
}

type Step = bigint | string | Error;

/** Plays one script per connection: bigints are messages, texts are headers with that epoch, an error ends the connection. */
class Script {
  readonly cursors: bigint[] = [];
  readonly reconnects: Reconnect[] = [];
  readonly clock = new ManualClock();
  readonly #connections: Step[][];

  constructor(...connections: Step[][]) {
    this.#connections = connections;
  }

  follow(own: Partial<ResumeOptions<Step>> = {}): AsyncIterable<Step> {
    return followWithResume<Step>({
      open: (afterSequence) => {
        this.cursors.push(afterSequence);
        return this.#play(this.#connections.shift() ?? []);
      },
      sequenceOf: (frame) => (typeof frame === 'bigint' ? frame : undefined),
      epochOf: (frame) => (typeof frame === 'string' ? frame : undefined),
      clock: this.clock,
      random,
      onReconnect: (reconnect) => {
        this.reconnects.push(reconnect);
        // The wait starts once this callback has returned.
        setImmediate(() => void this.clock.advance(reconnect.delayMs));
      },
      ...own,
    });
  }

  async *#play(steps: Step[]): AsyncGenerator<Step> {
    for (const step of steps) {
      if (step instanceof Error) throw step;
      yield step;
    }
  }
}

const lost = () => broken(status.UNAVAILABLE, 'Connection dropped');

describe('S1 resume', () => {
  it('passes a stream through and ends with it', async () => {
    const script = new Script(['epoch', 1n, 2n]);
    expect(await collect(script.follow())).to.deep.equal(['epoch', 1n, 2n]);
    expect(script.cursors).to.deep.equal([0n]);
  });

  it('goes on after the last message when the connection breaks', async () => {
    const script = new Script(['e', 6n, 7n, lost()], ['e', lost()], ['e', 8n]);
    expect(await collect(script.follow({ afterSequence: 5n }))).to.deep.equal(['e', 6n, 7n, 'e', 'e', 8n]);
    expect(script.cursors).to.deep.equal([5n, 7n, 7n]);
    expect(script.reconnects.map(({ attempt, afterSequence }) => [attempt, afterSequence])).to.deep.equal([
      [1, 7n],
      [2, 7n],
    ]);
  });

  it('drops what it has seen before', async () => {
    const script = new Script([1n, 2n, 3n, lost()], [2n, 3n, 4n, 4n, 5n]);
    expect(await collect(script.follow())).to.deep.equal([1n, 2n, 3n, 4n, 5n]);
  });

  it('fails on a gap, at the start as well as later', async () => {
    const later = await failure(collect(new Script([1n, 3n]).follow()));
    expect(later).to.include({ name: 'SequenceGapError', expected: 2n, received: 3n });
    const atStart = await failure(collect(new Script([lost()], [2n]).follow()));
    expect(atStart).to.include({ name: 'SequenceGapError', expected: 1n, received: 2n });
  });

  it('fails when the log behind the stream was replaced', async () => {
    const script = new Script(['one', 1n, lost()], ['two', 2n]);
    expect(await failure(collect(script.follow()))).to.include({
      name: 'EpochChangedError',
      before: 'one',
      after: 'two',
    });
  });

  const transient = [
    lost(),
    broken(status.INTERNAL, 'Received RST_STREAM with code 2 (Internal server error)'),
    broken(status.CANCELLED, 'Call cancelled'),
    refused(new ExitlaneError('SHUTTING_DOWN', 'bye')),
    refused(new ExitlaneError('DATABASE_UNAVAILABLE', 'gone')),
  ];
  for (const error of transient) {
    it(`resumes after ${error.status} '${error.message}'`, async () => {
      expect(await collect(new Script([1n, error], [2n]).follow())).to.deep.equal([1n, 2n]);
    });
  }

  const definitive = [
    refused(new ExitlaneError('ORDER_NOT_FOUND', 'no such order')),
    refused(new ExitlaneError('CURSOR_OUT_OF_RANGE', 'too old')),
    refused(new ExitlaneError('INVALID_FIELD', 'bad')),
    refused(new ExitlaneError('INTERNAL', 'RST_STREAM is only mentioned here')),
    broken(status.PERMISSION_DENIED, 'no'),
    broken(status.UNIMPLEMENTED, 'no such method'),
    broken(status.INTERNAL, 'Error deserializing request'),
    new TypeError('a defect in the client'),
  ];
  for (const error of definitive) {
    it(`gives up on ${error instanceof CallError ? error.status : error.name} '${error.message}'`, async () => {
      const script = new Script([1n, error], [2n]);
      expect(await failure(collect(script.follow()))).to.equal(error);
      expect(script.cursors).to.deep.equal([0n]);
    });
  }

  it('waits longer each time up to the most, and starts over after a message', async () => {
    const failures = Array.from({ length: 8 }, () => [lost()]);
    const script = new Script(...failures, [1n, lost()], [2n]);
    await collect(script.follow());
    const waits = script.reconnects.map(({ delayMs }) => delayMs);
    expect(waits).to.deep.equal([25, 50, 100, 200, 400, 800, 1_000, 1_000, 25]);
  });

  it('waits at least as long as the server asks', async () => {
    const script = new Script([refused(new ExitlaneError('SHUTTING_DOWN', 'bye', { retryDelayMs: 250 }))], [1n]);
    await collect(script.follow());
    expect(script.reconnects.map(({ delayMs }) => delayMs)).to.deep.equal([250]);
  });

  it('never waits longer than the most nor less than half of the first wait', () => {
    const bounds = { initialMs: 50, maxMs: 2_000 };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (n, part, asked) => {
          const delay = resumeDelayMs(n, bounds, part, asked);
          return delay >= 25 && delay <= 2_000;
        },
      ),
    );
  });

  it("ends with the signal's reason while it waits", async () => {
    const controller = new AbortController();
    const script = new Script([1n, lost()]);
    const onReconnect = () => controller.abort(new Error('enough'));
    expect((await failure(collect(script.follow({ signal: controller.signal, onReconnect })))).message).to.equal(
      'enough',
    );
    expect(script.clock.pendingTimers).to.equal(0);
  });

  it('lets the consumer leave while it waits', async () => {
    const script = new Script([lost()]);
    const waiting = new Promise<void>((resolve) => {
      const iterator = script.follow({ onReconnect: () => setImmediate(leave) })[Symbol.asyncIterator]();
      const next = iterator.next();
      async function leave() {
        await iterator.return?.();
        expect(await next).to.deep.equal({ done: true, value: undefined });
        resolve();
      }
    });
    await waiting;
    expect(script.clock.pendingTimers).to.equal(0);
  });
});

describe('S1 resume across a killed server', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  async function start(port: string, pauseAt: number): Promise<{ child: ChildProcess; address: string }> {
    const script = fileURLToPath(new URL('./testing/numbered-server.js', import.meta.url));
    const args = [script, port, '3000', String(pauseAt)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    rig.defer(() => child.kill('SIGKILL'));
    const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data');
    return { child, address: String(line).trim() };
  }

  it('delivers every message once and in order though the server is killed twice', async () => {
    let running = await start('0', 1_000);
    const { address } = running;
    const port = address.split(':')[1] ?? '';
    const client = rig.client({ address });
    let reconnects = 0;
    const frames = followWithResume({
      open: (afterSequence, signal) =>
        openStream(client, 'streamOrder', StreamOrderRequest.create({ orderReqId: 'a', afterSequence }), { signal }),
      sequenceOf,
      clock: systemClock,
      onReconnect: () => {
        reconnects += 1;
      },
    });
    const restart = async (pauseAt: number) => {
      const exited = once(running.child, 'exit');
      running.child.kill('SIGKILL');
      await exited;
      running = await start(port, pauseAt);
    };
    const got: (bigint | undefined)[] = [];
    let restarting: Promise<void> | undefined;
    for await (const frame of frames) {
      got.push(sequenceOf(frame));
      if (got.length === 1_000) restarting = restart(2_000);
      if (got.length === 2_000) {
        await restarting;
        restarting = restart(0);
      }
    }
    await restarting;
    expect(got).to.deep.equal(Array.from({ length: 3_000 }, (_, index) => BigInt(index + 1)));
    expect(reconnects).to.be.at.least(2);
  });
});
