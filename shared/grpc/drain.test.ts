import { expect } from 'chai';
import {
  GetOrderQueueStatsRequest,
  StreamOrderRequest,
  type StreamOrderResponse,
} from '../../proto/gen/exitlane/v1/delivery_service.js';
import { ManualClock } from '../core/clock.js';
import type { CallContext } from './call-scope.js';
import { call, openStream } from './client.js';
import { serverStream } from './stream.js';
import { collect, event, failure, messageFrame, Rig, sequenceOf, startOf } from './testing/delivery.js';
import { unary } from './unary.js';

const request = StreamOrderRequest.create({ orderReqId: 'a', afterSequence: 7n });
const statsRequest = GetOrderQueueStatsRequest.create();
const stats = { orderQueuesCount: 1n, queues: {}, openStreams: 0 };

describe('S2 drain', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  it('ends streams with the place to continue from, and lets unary calls finish', async () => {
    const inFlight = event();
    const release = event();
    const aborted = event<unknown>();
    const server = await rig.serve({
      streamOrder: serverStream(
        async function* (asked: StreamOrderRequest, ctx: CallContext) {
          yield messageFrame(asked.afterSequence + 1n);
          yield messageFrame(asked.afterSequence + 2n);
          await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve()));
          aborted.fire(ctx.signal.reason);
        },
        { sequenceOf, startOf },
      ),
      getOrderQueueStats: unary(async () => {
        inFlight.fire();
        await release.happened;
        return stats;
      }),
    });
    const client = rig.client(server);
    const answer = call(client, 'getOrderQueueStats', statsRequest);
    await inFlight.happened;
    const iterator = openStream(client, 'streamOrder', request)[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    expect(server.openStreams).to.equal(1);

    const drained = server.drain(60_000);
    const error = await failure(iterator.next());
    expect(error).to.include({ status: 'UNAVAILABLE', reason: 'SHUTTING_DOWN', retryDelayMs: 250 });
    expect(error).to.have.deep.property('metadata', { last_sequence: '9' });
    expect(await aborted.happened).to.include({ reason: 'SHUTTING_DOWN' });
    release.fire();
    expect(await answer).to.deep.equal(stats);
    expect(await drained).to.deep.equal({ cutCalls: 0, forced: false });
    expect(server.openStreams).to.equal(0);
  });

  it('names the start when a stream had written nothing', async () => {
    const started = event();
    const server = await rig.serve({
      streamOrder: serverStream(
        async () => {
          started.fire();
          await new Promise(() => {});
        },
        { sequenceOf, startOf },
      ),
    });
    const ending = failure(collect(openStream(rig.client(server), 'streamOrder', request)));
    await started.happened;
    void server.drain();
    expect(await ending).to.have.deep.property('metadata', { last_sequence: '7' });
  });

  it('takes no new calls, and frees the port at once', async () => {
    const inFlight = event();
    const release = event();
    const server = await rig.serve({
      getOrderQueueStats: unary(async () => {
        inFlight.fire();
        await release.happened;
        return stats;
      }),
    });
    const client = rig.client(server);
    const answer = call(client, 'getOrderQueueStats', statsRequest);
    await inFlight.happened;
    const drained = server.drain();
    const refused = await failure(call(rig.client(server), 'getOrderQueueStats', statsRequest));
    expect(refused).to.include({ status: 'UNAVAILABLE' });
    const next = await rig.serve({}, { port: server.port });
    expect(next.address).to.equal(server.address);
    release.fire();
    await Promise.all([answer, drained]);
  });

  it('leaves the ending to a handler that asked for it', async () => {
    const started = event();
    const server = await rig.serve({
      streamOrder: serverStream(
        async (_asked: StreamOrderRequest, ctx: CallContext, out) => {
          started.fire();
          await new Promise<void>((resolve) => ctx.draining.addEventListener('abort', () => resolve()));
          await out.write(messageFrame(8n));
          throw ctx.draining.reason;
        },
        { sequenceOf, startOf, onDrain: 'handler' },
      ),
    });
    const got: StreamOrderResponse[] = [];
    const reading = (async () => {
      for await (const frame of openStream(rig.client(server), 'streamOrder', request)) got.push(frame);
    })();
    await started.happened;
    void server.drain();
    expect(await failure(reading)).to.have.deep.property('metadata', { last_sequence: '8' });
    expect(got.map(sequenceOf)).to.deep.equal([8n]);
  });

  it('cuts calls that go on until the deadline, and tells their clients', async () => {
    const clock = new ManualClock();
    const inFlight = event<CallContext>();
    const server = await rig.serve(
      {
        getOrderQueueStats: unary((_asked: GetOrderQueueStatsRequest, ctx: CallContext) => {
          inFlight.fire(ctx);
          return new Promise<never>(() => {});
        }),
      },
      { clock },
    );
    const answer = failure(call(rig.client(server), 'getOrderQueueStats', statsRequest));
    const ctx = await inFlight.happened;
    const drained = server.drain(1_000);
    expect(ctx.draining.aborted).to.equal(true);
    await clock.advance(749);
    expect(ctx.signal.aborted).to.equal(false);
    await clock.advance(1);
    expect(await answer).to.include({ status: 'UNAVAILABLE', reason: 'SHUTTING_DOWN', retryDelayMs: 250 });
    expect(ctx.signal.aborted).to.equal(true);
    expect(await drained).to.deep.equal({ cutCalls: 1, forced: false });
  });

  it('S3 breaks the connection of a reader that takes nothing any more', async () => {
    const clock = new ManualClock();
    const ended = event<unknown>();
    const server = await rig.serve(
      {
        streamOrder: serverStream(async (_asked, _ctx, out) => {
          try {
            for (let sequence = 8n; ; sequence += 1n) await out.write(messageFrame(sequence, 16 * 1024));
          } catch (error) {
            ended.fire(error);
            throw error;
          }
        }),
      },
      { clock },
    );
    const iterator = openStream(rig.client(server), 'streamOrder', request)[Symbol.asyncIterator]();
    await iterator.next();
    const drained = server.drain(1_000);
    expect(await ended.happened).to.include({ reason: 'SHUTTING_DOWN' });
    await clock.advance(750);
    await clock.advance(250);
    expect(await drained).to.deep.equal({ cutCalls: 1, forced: true });
    await iterator.return?.();
  });

  it('is the same drain when asked twice, and health stays down', async () => {
    const server = await rig.serve();
    expect(server.drain()).to.equal(server.drain());
    server.setServing(true);
    expect(await server.drain()).to.deep.equal({ cutCalls: 0, forced: false });
  });
});
