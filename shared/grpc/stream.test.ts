import { expect } from 'chai';
import { StreamOrderRequest, type StreamOrderResponse } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { ExitlaneError } from '../core/errors.js';
import type { CallContext } from './call-scope.js';
import { openStream } from './client.js';
import { type Outlet, type StreamHandler, serverStream } from './stream.js';
import { collect, event, failure, messageFrame, Rig, sequenceOf } from './testing/delivery.js';

type Handler = StreamHandler<StreamOrderRequest, StreamOrderResponse>;

const request = StreamOrderRequest.create({ orderReqId: 'a' });

describe('S3 server streams', () => {
  const rig = new Rig();
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown) => unhandled.push(error);
  before(() => process.on('unhandledRejection', onUnhandled));
  after(() => process.off('unhandledRejection', onUnhandled));
  afterEach(async () => {
    await rig.closeAll();
    expect(unhandled).to.deep.equal([]);
  });

  async function open(handler: Handler, signal?: AbortSignal): Promise<AsyncIterable<StreamOrderResponse>> {
    const server = await rig.serve({ streamOrder: serverStream(handler) });
    return openStream(rig.client(server), 'streamOrder', request, { signal });
  }

  it('delivers what the handler writes and then ends', async () => {
    const stream = await open(async (_asked, _ctx, out) => {
      for (let sequence = 1n; sequence <= 100n; sequence += 1n) await out.write(messageFrame(sequence));
    });
    const got = (await collect(stream)).map(sequenceOf);
    expect(got).to.deep.equal(Array.from({ length: 100 }, (_, index) => BigInt(index + 1)));
  });

  it('delivers what a generator yields', async () => {
    const stream = await open(async function* () {
      yield messageFrame(1n);
      yield messageFrame(2n);
    });
    expect((await collect(stream)).map(sequenceOf)).to.deep.equal([1n, 2n]);
  });

  const throwers: Record<string, Handler> = {
    'at once': () => {
      throw new ExitlaneError('ORDER_NOT_FOUND', 'no such order');
    },
    later: async () => {
      await Promise.resolve();
      throw new ExitlaneError('ORDER_NOT_FOUND', 'no such order');
    },
    'from a generator': () => failingGenerator(0),
  };
  for (const [when, handler] of Object.entries(throwers)) {
    it(`gives the client the status when the handler throws ${when}`, async () => {
      const error = await failure(collect(await open(handler)));
      expect(error).to.include({ name: 'CallError', status: 'NOT_FOUND', reason: 'ORDER_NOT_FOUND' });
    });
  }

  it('delivers the messages written before the failure, then the status', async () => {
    const got: (bigint | undefined)[] = [];
    const stream = await open(() => failingGenerator(5));
    const error = await failure(
      (async () => {
        for await (const frame of stream) got.push(sequenceOf(frame));
      })(),
    );
    expect(got).to.deep.equal([1n, 2n, 3n, 4n, 5n]);
    expect(error).to.include({ status: 'NOT_FOUND' });
  });

  it('aborts the handler when the reader leaves the loop', async () => {
    const aborted = event<unknown>();
    const stream = await open(async (_asked, ctx, out) => {
      await out.write(messageFrame(1n));
      await untilAborted(ctx).catch((error: unknown) => {
        aborted.fire(error);
        throw error;
      });
    });
    for await (const frame of stream) {
      expect(sequenceOf(frame)).to.equal(1n);
      break;
    }
    expect(await aborted.happened).to.have.property('name', 'AbortError');
  });

  it('lets a reader leave while it waits for a message', async () => {
    const aborted = event<unknown>();
    const started = event();
    const stream = await open(async (_asked, ctx) => {
      started.fire();
      await untilAborted(ctx).catch(aborted.fire);
    });
    const iterator = stream[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await started.happened;
    await iterator.return?.();
    expect(await waiting).to.deep.equal({ done: true, value: undefined });
    await aborted.happened;
  });

  it("fails with the signal's reason when the reader's signal aborts", async () => {
    const controller = new AbortController();
    const aborted = event<unknown>();
    const stream = await open(async (_asked, ctx, out) => {
      await out.write(messageFrame(1n));
      await untilAborted(ctx).catch(aborted.fire);
    }, controller.signal);
    const error = await failure(
      (async () => {
        for await (const _frame of stream) controller.abort(new Error('enough'));
      })(),
    );
    expect(error.message).to.equal('enough');
    await aborted.happened;
  });

  it('holds the handler back while the reader does not read, and frees it when the reader goes', async () => {
    let written = 0;
    const stuck = event();
    const ended = event<unknown>();
    const stream = await open(async (_asked, _ctx, out) => {
      try {
        for (let sequence = 1n; ; sequence += 1n) {
          const write = out.write(messageFrame(sequence, 16 * 1024));
          written += 1;
          await orStuck(write, stuck.fire);
        }
      } catch (error) {
        ended.fire(error);
        throw error;
      }
    });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await stuck.happened;
    expect(written).to.be.within(2, 100);
    await iterator.return?.();
    expect(await ended.happened).to.have.property('name', 'AbortError');
  });

  it('refuses a write that does not wait for the one before', async () => {
    const stream = await open(async (_asked, _ctx, out) => {
      const writes: Promise<void>[] = [];
      for (let sequence = 1n; sequence <= 50n; sequence += 1n) writes.push(out.write(messageFrame(sequence)));
      await Promise.all(writes);
    });
    expect(await failure(collect(stream))).to.include({ status: 'INTERNAL' });
  });

  it('sends one status when a handler goes on after the end', async () => {
    let late: Outlet<StreamOrderResponse> | undefined;
    const stream = await open(async (_asked, _ctx, out) => {
      late = out;
    });
    expect(await collect(stream)).to.deep.equal([]);
    expect((await failure(late?.write(messageFrame(1n)) ?? Promise.resolve())).message).to.contain('ended');
  });
});

async function* failingGenerator(after: number): AsyncGenerator<StreamOrderResponse> {
  for (let sequence = 1; sequence <= after; sequence += 1) yield messageFrame(BigInt(sequence));
  throw new ExitlaneError('ORDER_NOT_FOUND', 'no such order');
}

function untilAborted(ctx: CallContext): Promise<never> {
  return new Promise((_resolve, reject) => {
    ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason), { once: true });
    if (ctx.signal.aborted) reject(ctx.signal.reason);
  });
}

/** Says so when a write is still pending after the event loop has turned many times: then only the reader can free it. */
async function orStuck(write: Promise<void>, stuck: () => void): Promise<void> {
  let pending = true;
  const done = write.finally(() => {
    pending = false;
  });
  const watch = (turns: number): void => {
    if (!pending) return;
    if (turns === 0) stuck();
    else setImmediate(watch, turns - 1);
  };
  watch(2_000);
  await done;
}
