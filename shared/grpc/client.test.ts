import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  DeliveryServiceClient,
  GetOrderQueueStatsRequest,
  StreamOrderRequest,
} from '../../proto/gen/exitlane/v1/delivery_service.js';
import { channelOptions } from './channel-options.js';
import { call, connect, openStream } from './client.js';
import { hostOf, isLoopbackHost } from './loopback.js';
import { failure, Rig, sequenceOf } from './testing/delivery.js';
import { unary } from './unary.js';

const request = GetOrderQueueStatsRequest.create();

describe('S3 clients', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  it('refuses an answer above the limit', async () => {
    const queues = { ['x'.repeat(5 * 1024 * 1024)]: 1n };
    const answer = { orderQueuesCount: 0n, queues, openStreams: 0 };
    const server = await rig.serve({ getOrderQueueStats: unary(() => answer) });
    const error = await failure(call(rig.client(server), 'getOrderQueueStats', request));
    expect(error).to.include({ status: 'RESOURCE_EXHAUSTED' });
  });

  it('does not send a call whose signal has aborted already', async () => {
    let calls = 0;
    const handler = unary(() => {
      calls += 1;
      return { orderQueuesCount: 0n, queues: {}, openStreams: 0 };
    });
    const server = await rig.serve({ getOrderQueueStats: handler });
    const client = rig.client(server);
    const signal = AbortSignal.abort(new Error('too late'));
    expect((await failure(call(client, 'getOrderQueueStats', request, { signal }))).message).to.equal('too late');
    await call(client, 'getOrderQueueStats', request);
    expect(calls).to.equal(1);
  });

  it('says UNAVAILABLE when nobody listens', async () => {
    const server = await rig.serve();
    await server.close();
    const error = await failure(call(rig.client(server), 'getOrderQueueStats', request));
    expect(error).to.include({ name: 'CallError', status: 'UNAVAILABLE', reason: undefined });
  });

  it('notices a frozen server by keepalive', async () => {
    const child = await startNumberedServer();
    rig.defer(() => child.process.kill('SIGKILL'));
    const quick = { 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_timeout_ms': 100 };
    const client = connect(DeliveryServiceClient, child.address, quick);
    rig.defer(() => client.close());
    const asked = StreamOrderRequest.create({ orderReqId: 'a' });
    const iterator = openStream(client, 'streamOrder', asked)[Symbol.asyncIterator]();
    const first = await iterator.next();
    expect(sequenceOf(first.value ?? { frame: undefined })).to.equal(1n);
    child.process.kill('SIGSTOP');
    expect(await failure(iterator.next())).to.include({ status: 'UNAVAILABLE' });
  });

  it('states keepalive, limits and reconnects for every channel', () => {
    expect(channelOptions('10.0.0.1:50051')).to.include({
      'grpc.max_receive_message_length': 4 * 1024 * 1024,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 15_000,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 2_000,
    });
    expect(channelOptions('127.0.0.1:50051')).to.include({ 'grpc.max_reconnect_backoff_ms': 500 });
  });

  it('goes past a proxy of the environment on loopback', async () => {
    const server = await rig.serve();
    const before = process.env.http_proxy;
    process.env.http_proxy = 'http://127.0.0.1:1';
    rig.defer(() => {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    });
    expect(await call(rig.client(server), 'getOrderQueueStats', request)).to.include({ openStreams: 0 });
  });
});

describe('O1 loopback', () => {
  const hosts = {
    '127.0.0.1:50051': true,
    '127.1.2.3:1': true,
    'localhost:50051': true,
    '[::1]:50051': true,
    'dns:///localhost:50051': true,
    'ipv4:127.0.0.1:50051': true,
    '0.0.0.0:50051': false,
    '[::]:50051': false,
    '10.0.0.1:50051': false,
    '127.example.com:50051': false,
    'localhost.example.com:50051': false,
  };
  for (const [address, loopback] of Object.entries(hosts)) {
    it(`${address} ${loopback ? 'is' : 'is not'} loopback`, () => {
      expect(isLoopbackHost(hostOf(address))).to.equal(loopback);
    });
  }
});

/** Serves one message and then nothing, in a process that can be frozen. */
async function startNumberedServer(): Promise<{ process: ChildProcess; address: string }> {
  const script = fileURLToPath(new URL('./testing/numbered-server.js', import.meta.url));
  const child = spawn(process.execPath, [script, '0', '10', '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { process: child, address: String(line).trim() };
}
