import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  DeliveryServiceClient,
  GetOrderQueueStatsRequest,
  StreamOrderRequest,
} from '../../proto/gen/exitlane/v1/delivery_service.js';
import { call, connect, openStream } from './client.js';
import type { GrpcServer } from './server.js';
import { event, failure, Rig, sequenceOf } from './testing/delivery.js';
import { unary } from './unary.js';

const request = GetOrderQueueStatsRequest.create();
const QUICK = { 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_timeout_ms': 100 };
/** Calls under way at any time, and how many in all. */
const LANES = 8;
const CALLS_PER_LANE = 150;

describe('O3 a client of several servers', function () {
  this.slow(3_000);
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  function clientOf(addresses: readonly string[], options = {}): DeliveryServiceClient {
    const client = connect(DeliveryServiceClient, addresses.join(','), options);
    rig.defer(() => client.close());
    return client;
  }

  /** A server that counts its calls. */
  async function counting(port = 0) {
    const counted = { calls: 0 };
    const handler = unary(() => {
      counted.calls += 1;
      return { orderQueuesCount: 0n, queues: {}, openStreams: 0 };
    });
    const server = await rig.serve({ getOrderQueueStats: handler }, { port });
    return { counted, server };
  }

  /** Calls in a row until each of these has had some. */
  async function untilAllCalled(client: DeliveryServiceClient, all: readonly { calls: number }[]): Promise<void> {
    for (const each of all) each.calls = 0;
    for (let tries = 0; tries < 2_000 && all.some(({ calls }) => calls === 0); tries++) {
      await call(client, 'getOrderQueueStats', request);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(all.map(({ calls }) => calls > 0)).to.deep.equal(all.map(() => true));
  }

  it('goes round them, one call each', async () => {
    const [a, b, c] = [await counting(), await counting(), await counting()];
    const all = [a.counted, b.counted, c.counted];
    const client = clientOf([a, b, c].map(({ server }) => server.address));
    await untilAllCalled(client, all);
    for (const each of all) each.calls = 0;
    for (let calls = 0; calls < 30; calls++) await call(client, 'getOrderQueueStats', request);
    expect(all.map(({ calls }) => calls)).to.deep.equal([10, 10, 10]);
  });

  it('is not held up by one that is not there, and takes it in when it comes', async () => {
    const [a, b] = [await counting(), await counting()];
    await b.server.close();
    const client = clientOf([a.server.address, b.server.address]);
    for (let calls = 0; calls < 10; calls++) await call(client, 'getOrderQueueStats', request);
    expect(a.counted.calls).to.equal(10);
    const again = await counting(b.server.port);
    await untilAllCalled(client, [a.counted, again.counted]);
  });

  it('fails no call while one of them drains', async () => {
    const [a, b] = [await counting(), await counting()];
    const client = clientOf([a.server.address, b.server.address]);
    await untilAllCalled(client, [a.counted, b.counted]);
    const middle = event();
    let done = 0;
    const lane = async () => {
      for (let calls = 0; calls < CALLS_PER_LANE; calls++) {
        await call(client, 'getOrderQueueStats', request);
        done += 1;
        if (done === (LANES * CALLS_PER_LANE) / 3) middle.fire();
      }
    };
    const drained = middle.happened.then(() => a.server.drain());
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(await drained).to.deep.equal({ cutCalls: 0, forced: false });
    expect(done).to.equal(LANES * CALLS_PER_LANE);
    expect(b.counted.calls).to.be.above(a.counted.calls);
  });

  it('goes on with the others when one is killed, from the next call on', async () => {
    const [a, b] = [await numbered(), await numbered()];
    const client = clientOf([a.address, b.address]);
    const broken = await streamsOnBoth(client, [a, b], () => a.process.kill('SIGKILL'));
    expect(broken).to.include({ status: 'UNAVAILABLE' });
    const from = performance.now();
    for (let calls = 0; calls < 20; calls++) await call(client, 'getOrderQueueStats', request);
    expect(performance.now() - from).to.be.below(2_000);
  });

  it('leaves one that stands still, by keepalive', async () => {
    const [a, b] = [await numbered(), await numbered()];
    const client = clientOf([a.address, b.address], QUICK);
    const broken = await streamsOnBoth(client, [a, b], () => a.process.kill('SIGSTOP'));
    expect(broken).to.include({ status: 'UNAVAILABLE' });
    for (let calls = 0; calls < 20; calls++) await call(client, 'getOrderQueueStats', request);
  });

  it('says UNAVAILABLE when none is there', async () => {
    const servers: GrpcServer[] = [(await counting()).server, (await counting()).server];
    for (const server of servers) await server.close();
    const error = await failure(call(clientOf(servers.map(({ address }) => address)), 'getOrderQueueStats', request));
    expect(error).to.include({ name: 'CallError', status: 'UNAVAILABLE', reason: undefined });
  });

  interface Numbered {
    readonly process: ChildProcess;
    readonly address: string;
  }

  /** Serves one message and then nothing, in a process that can be killed. */
  async function numbered(): Promise<Numbered> {
    const script = fileURLToPath(new URL('./testing/numbered-server.js', import.meta.url));
    const child = spawn(process.execPath, [script, '0', '10', '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
    rig.defer(() => child.kill('SIGKILL'));
    const [line] = await once(child.stdout, 'data');
    return { process: child, address: String(line).trim() };
  }

  /** Opens streams until each server has one, ends one server, and returns the first error of a stream. */
  async function streamsOnBoth(client: DeliveryServiceClient, servers: readonly Numbered[], end: () => void) {
    const asked = StreamOrderRequest.create({ orderReqId: 'a' });
    // Connections come up one after the other; with more streams than that each server has some.
    const iterators = [];
    for (let streams = 0; streams < 10 * servers.length; streams++) {
      const iterator = openStream(client, 'streamOrder', asked)[Symbol.asyncIterator]();
      const first = await iterator.next();
      expect(sequenceOf(first.value ?? { frame: undefined })).to.equal(1n);
      iterators.push(iterator);
    }
    end();
    const error = await Promise.any(iterators.map((iterator) => failure(iterator.next())));
    for (const iterator of iterators) void iterator.return?.();
    return error;
  }
});
