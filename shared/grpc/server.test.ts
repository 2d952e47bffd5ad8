import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { Metadata } from '@grpc/grpc-js';
import { expect } from 'chai';
import { GetOrderQueueStatsRequest } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { call } from './client.js';
import { failure, Rig } from './testing/delivery.js';
import { IndependentClient, packageFile } from './testing/independent.js';

const HEALTH = 'grpc.health.v1.Health';
const DELIVERY = 'exitlane.v1.DeliveryService';
const request = GetOrderQueueStatsRequest.create();

describe('O1 listening', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  for (const host of ['0.0.0.0', '::', '192.168.1.10', 'example.com', '']) {
    it(`refuses to listen on '${host}' without TLS`, async () => {
      const error = await failure(rig.serve({}, { host, name: 'requestor' }));
      expect(error).to.include({ name: 'ExitlaneError', reason: 'CONFIG_INVALID' });
      expect(error.message).to.contain(`the requestor may not listen on ${host}`).and.contain('or use 127.0.0.1');
    });
  }

  for (const host of [undefined, 'localhost', '127.0.0.2']) {
    it(`listens on ${host ?? 'loopback by default'}`, async () => {
      const server = await rig.serve({}, { host });
      expect(server.address).to.match(new RegExp(`^127\\.0\\.0\\.${host === '127.0.0.2' ? 2 : 1}:${server.port}$`));
      expect(await call(rig.client(server), 'getOrderQueueStats', request)).to.include({ openStreams: 0 });
    });
  }

  it('says which address is taken and what to do', async () => {
    const first = await rig.serve();
    const error = await failure(rig.serve({}, { port: first.port, name: 'processor' }));
    expect(error).to.include({ name: 'ExitlaneError', reason: 'CONFIG_INVALID' });
    expect(error.message).to.equal(
      `the processor cannot listen on ${first.address}: another process uses this port. Stop it, or give the processor another port.`,
    );
  });

  it('frees the port when it closes, whatever a silent connection does', async () => {
    const first = await rig.serve();
    const silent = connectSocket({ port: first.port, host: '127.0.0.1', allowHalfOpen: true });
    rig.defer(() => silent.destroy());
    await once(silent, 'connect');
    await call(rig.client(first), 'getOrderQueueStats', request);
    await first.close();
    const second = await rig.serve({}, { port: first.port });
    expect(second.port).to.equal(first.port);
  });
});

describe('S5 health', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  function healthClient(address: string): IndependentClient {
    const client = new IndependentClient(address, packageFile('grpc-health-check', 'proto/health/v1/health.proto'));
    rig.defer(() => client.close());
    return client;
  }

  it('tells the state of the server and of each service', async () => {
    const server = await rig.serve({}, { serving: false });
    const client = healthClient(server.address);
    const check = (service: string) => client.unary(HEALTH, 'Check', { service }, new Metadata());
    expect(await check('')).to.deep.equal({ status: 'NOT_SERVING' });
    server.setServing(true);
    expect(await check('')).to.deep.equal({ status: 'SERVING' });
    expect(await check(DELIVERY)).to.deep.equal({ status: 'SERVING' });
    expect(await failure(check('exitlane.v1.OrderService'))).to.have.property('code', 5);
  });

  it('tells a watcher of a drain and lets the drain end', async () => {
    const server = await rig.serve();
    const client = healthClient(server.address);
    const seen: object[] = [];
    const watching = (async () => {
      for await (const state of client.stream(HEALTH, 'Watch', { service: '' }, new Metadata())) {
        seen.push(state);
        if (seen.length === 1) void server.drain(10_000);
      }
    })();
    expect(await failure(watching)).to.have.property('code', 14);
    expect(seen).to.deep.equal([{ status: 'SERVING' }, { status: 'NOT_SERVING' }]);
    expect(await server.drain()).to.deep.equal({ cutCalls: 0, forced: false });
  });
});

describe('S5 channelz', () => {
  const rig = new Rig();
  afterEach(() => rig.closeAll());

  it('counts the calls of the server', async () => {
    const server = await rig.serve();
    const client = new IndependentClient(server.address, packageFile('@grpc/grpc-js', 'proto/channelz.proto'));
    rig.defer(() => client.close());
    await call(rig.client(server), 'getOrderQueueStats', request);
    const answer = await client.unary('grpc.channelz.v1.Channelz', 'GetServers', {}, new Metadata());
    const servers = (answer as { server: { data: { calls_succeeded: string } }[] }).server;
    expect(servers.some(({ data }) => BigInt(data.calls_succeeded) >= 1n)).to.equal(true);
  });
});
