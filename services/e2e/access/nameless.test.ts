import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { Metadata } from '@grpc/grpc-js';
import { expect } from 'chai';
import { QueueServiceClient, QueueServiceService } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { ManualClock } from '../../../shared/core/clock.js';
import { silentLogger } from '../../../shared/core/logger.js';
import {
  NAMELESS_CONNECTION_MS_MAX,
  NAMELESS_STREAMS_PER_ADDRESS_MAX,
  SILENT_CALL_MS_MAX,
} from '../../../shared/grpc/bounds.js';
import { call, connect } from '../../../shared/grpc/client.js';
import { type GrpcServer, startGrpcServer } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { START_MS } from '../api/stack.js';
import { callOnce, type LockedStack, lineFor, startLocked } from './locked-stack.js';

const HEALTH = 'grpc.health.v1.Health';

describe('O1 callers without a name', () => {
  let stack: LockedStack;
  let clock: ManualClock;
  let server: GrpcServer;
  const sockets: Socket[] = [];

  before(async function () {
    this.timeout(START_MS);
    stack = await startLocked({ tls: false });
    stack.allow([lineFor('bot', 'read', 'exl_bot')]);
    clock = new ManualClock();
    const implementation = {
      getTradingState: unary(() => ({ changedBy: 'nobody' })),
      watchQueueStats: serverStream(async function* () {}),
    };
    server = await startGrpcServer({
      port: 0,
      name: 'test',
      logger: silentLogger,
      clock,
      services: [{ definition: QueueServiceService, implementation }],
      security: stack.security.requestor.server,
    });
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await server?.close();
    await stack?.close();
  });

  it('are cut off when they say nothing; who has called with a name stays connected', async () => {
    const silent = connectTcp(server.port, '127.0.0.1');
    sockets.push(silent);
    await once(silent, 'connect');
    const closed = once(silent, 'close');
    silent.resume();
    const bot = connect(QueueServiceClient, server.address, {}, stack.as('exl_bot'));
    await call(bot, 'getTradingState', {});
    await clock.advance(2 * NAMELESS_CONNECTION_MS_MAX);
    await closed;
    const state = bot.getChannel().getConnectivityState(false);
    expect(state, 'READY').to.equal(2);
    await call(bot, 'getTradingState', {});
    bot.close();
  });

  it('watch health on so many streams of an address, and no more; asking once always works', async () => {
    const client = connect(QueueServiceClient, server.address);
    const watch = () =>
      client.makeServerStreamRequest(
        `/${HEALTH}/Watch`,
        Buffer.from,
        (bytes: Buffer) => bytes,
        Buffer.alloc(0),
        new Metadata(),
        {},
      );
    const streams = Array.from({ length: NAMELESS_STREAMS_PER_ADDRESS_MAX }, watch);
    for (const stream of streams) stream.on('error', () => undefined);
    await Promise.all(streams.map((stream) => once(stream, 'data')));
    const [error] = await once(
      watch().on('data', () => undefined),
      'error',
    );
    expect(error).to.include({ code: 8 });
    const health = await callOnce(server.address, `${HEALTH}/Check`, {}, stack.as(undefined));
    expect(health.status).to.equal('OK');
    for (const stream of streams) stream.cancel();
    await eventually('room again', async () => {
      const again = watch().on('error', () => undefined);
      const first = await new Promise<boolean>((resolve) => {
        again.once('data', () => resolve(true));
        again.once('error', () => resolve(false));
      });
      again.cancel();
      return first;
    });
    client.close();
  });

  it('a call that is let in and sends no request ends', async () => {
    const session = connectHttp2(`http://${server.address}`);
    session.on('error', () => undefined);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/exitlane.v1.QueueService/WatchQueueStats',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: 'Bearer exl_bot',
    });
    await eventually('the call to be open', () => server.openStreams === 1);
    const response = once(stream, 'response');
    await clock.advance(SILENT_CALL_MS_MAX);
    const [headers] = await response;
    expect(headers).to.include({ 'grpc-status': '3' });
    session.destroy();
  });
});
