import { expect } from 'chai';
import { PositionServiceClient } from '../../../proto/gen/exitlane/v1/position_service.js';
import { QueueServiceClient } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { CallError } from '../../../shared/grpc/call-error.js';
import { call, connect, openStream } from '../../../shared/grpc/client.js';
import { eventually, failureOf } from '../../../shared/store/testing/waiting.js';
import { START_MS } from '../api/stack.js';
import { type LockedStack, lineFor, startLocked } from './locked-stack.js';

const LIMITS = { ratePerSecond: 5, exitRatePerSecond: 5, streamsMax: 2, connectionsMax: 3 };
const NOWHERE = '01990000-0000-7000-8000-00000000000a';

describe('O1 limits per client', () => {
  let stack: LockedStack;

  before(async function () {
    this.timeout(START_MS);
    stack = await startLocked({ limits: LIMITS });
    const bots = ['rate', 'exits', 'streams', 'lines', 'quick'].map((name) => lineFor(name, 'trade', `exl_${name}`));
    stack.allow([...bots, lineFor('leaver', 'trade', 'exl_leaver')]);
  });
  after(() => stack?.close());

  const state = (token: string) => stack.call('QueueService/GetTradingState', {}, stack.as(token));
  const exit = (token: string, emergency: boolean) =>
    stack.call(
      'PositionService/ExitPosition',
      {
        position_id: NOWHERE,
        order_req_id: 'x',
        percent: 100,
        exit_reason: emergency ? 'emergency' : 'manual',
        emergency,
      },
      stack.as(token),
    );

  it('calls beyond the rate are refused with the time to wait; exits still get in', async () => {
    const security = stack.as('exl_rate');
    const client = connect(QueueServiceClient, stack.requestorAddress, {}, security);
    const calls = Array.from({ length: 60 }, () =>
      call(client, 'getTradingState', {}).then(() => undefined, toCallError),
    );
    const refused = (await Promise.all(calls)).filter((error) => error !== undefined);
    client.close();
    expect(refused.length).to.be.greaterThan(40);
    for (const error of refused) {
      expect(error).to.include({ status: 'RESOURCE_EXHAUSTED', reason: 'RATE_LIMITED' });
      expect(error.retryDelayMs).to.be.greaterThan(0);
    }
    expect((await exit('exl_rate', false)).status, 'an exit').to.equal('NOT_FOUND');
    expect((await state('exl_quick')).status, 'another client').to.equal('OK');
  });

  it('P9 exits have a limit of their own, emergency exits none', async () => {
    const exits = await Promise.all(Array.from({ length: 60 }, () => exit('exl_exits', false)));
    const refused = new Set(exits.map(({ reason }) => reason));
    expect([...refused]).to.include.members(['RATE_LIMITED', 'TOO_MANY_CONNECTIONS', 'POSITION_NOT_FOUND']);
    const emergencies = await Promise.all(Array.from({ length: 60 }, () => exit('exl_exits', true)));
    expect(new Set(emergencies.map(({ status }) => status))).to.deep.equal(new Set(['NOT_FOUND']));
  });

  it('streams beyond the limit are refused, and one that ends makes room', async () => {
    const security = stack.as('exl_streams');
    const client = connect(PositionServiceClient, stack.requestorAddress, {}, security);
    const watch = async () => {
      const frames = openStream(client, 'watchPositions', { includeCurrent: true })[Symbol.asyncIterator]();
      await frames.next();
      return frames;
    };
    const first = await watch();
    await watch();
    const error = await failureOf(watch());
    expect(error).to.include({ status: 'RESOURCE_EXHAUSTED', reason: 'TOO_MANY_STREAMS' });
    await first.return?.();
    await eventually('room for another', () =>
      watch().then(
        async (frames) => {
          await frames.return?.();
          return true;
        },
        () => false,
      ),
    );
    client.close();
  });

  it('connections beyond the limit are refused, and one that closes makes room', async () => {
    const open = () =>
      connect(
        QueueServiceClient,
        stack.requestorAddress,
        { 'grpc.use_local_subchannel_pool': 1 },
        stack.as('exl_lines'),
      );
    const clients = Array.from({ length: 4 }, open);
    const outcomes: string[] = [];
    for (const client of clients) {
      const error = await call(client, 'getTradingState', {}).then(() => undefined, toCallError);
      outcomes.push(error?.reason ?? 'OK');
    }
    expect(outcomes).to.deep.equal(['OK', 'OK', 'OK', 'TOO_MANY_CONNECTIONS']);
    for (const client of clients) client.close();
  });

  it('a withdrawn token ends the calls that are open with it', async () => {
    const client = connect(PositionServiceClient, stack.requestorAddress, {}, stack.as('exl_leaver'));
    const frames = openStream(client, 'watchPositions', { includeCurrent: true })[Symbol.asyncIterator]();
    await frames.next();
    const next = frames.next();
    stack.allow([lineFor('quick', 'trade', 'exl_quick')]);
    const error = await failureOf(next);
    expect(error).to.include({ status: 'UNAUTHENTICATED', reason: 'NOT_AUTHENTICATED' });
    expect(error.message).to.include('leaver');
    expect((await state('exl_leaver')).status).to.equal('UNAUTHENTICATED');
    client.close();
  });
});

function toCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  throw error;
}
