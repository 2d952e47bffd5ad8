import { expect } from 'chai';
import { type Order, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import type { GetOrderRequest, RetryOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { type Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import type { RetryExitRequest } from '../../../proto/gen/exitlane/v1/position_service.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode } from '../exit-codes.js';
import { anExit, anOrder, aPosition, filledStory, frame, run, serve } from '../testing/rig.js';

const ID = aPosition().positionId;

describe('X6 exitlane retry-exit', () => {
  let server: GrpcServer | undefined;
  let asked: RetryExitRequest | undefined;
  afterEach(async () => {
    await server?.close();
    [server, asked] = [undefined, undefined];
  });

  async function scene(refusal?: Error, position: Position = aPosition()): Promise<GrpcServer> {
    server = await serve({
      positions: {
        getPosition: unary(() => ({ position })),
        listPositions: unary(() => ({ positions: [position], nextPageToken: '' })),
        retryExit: unary((request: RetryExitRequest) => {
          asked = request;
          if (refusal) throw refusal;
          const order = anExit({ orderReqId: request.orderReqId, exitReason: 'stop_loss', priority: 10 });
          return { order: { ...order, maxSlippageBps: 550 }, duplicate: false, follows: false };
        }),
      },
      delivery: {
        streamOrder: serverStream(async function* () {
          for (const message of filledStory()) yield frame(message);
        }),
      },
    });
    return server;
  }

  it('tries the given-up exit again, by the token, and says how it sells now', async () => {
    const { exitCode, stdout } = await run(['retry-exit', 'WIF', '--id', 'bot:9'], { at: await scene() });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked).to.include({ orderReqId: 'bot:9', positionId: ID });
    expect(asked?.maxSlippageBps, 'the service decides it').to.equal(undefined);
    expect(stdout).to.contain('sells 83.375902 WIF (stop_loss), slippage at most 550 bps');
  });

  it('passes the slippage on and follows until the fill', async () => {
    const argv = ['retry-exit', ID, '--slippage-bps', '500', '--watch', '-o', 'json'];
    const { exitCode, lines } = await run(argv, { at: await scene() });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked?.maxSlippageBps).to.equal(500);
    expect(JSON.parse(lines[0] ?? '')).to.have.nested.property('order.exit_reason', 'stop_loss');
    expect(JSON.parse(lines.at(-1) ?? '')).to.have.property('text', 'FILLED');
  });

  it('shows why nothing is to be retried, and the verb that makes a new exit', async () => {
    const refusal = new ExitlaneError('NOTHING_TO_RETRY', 'no exit of it was given up');
    const { exitCode, stderr } = await run(['retry-exit', 'WIF'], { at: await scene(refusal) });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr)
      .to.contain('no exit of it was given up')
      .and.to.match(new RegExp(`-> for a new exit: .* exit ${ID}\n`));
  });

  it('proposes no new exit for a closed position', async () => {
    const refusal = new ExitlaneError('NOTHING_TO_RETRY', 'it is closed');
    const closed = aPosition({ status: PositionStatus.CLOSED });
    const { exitCode, stderr } = await run(['retry-exit', ID], { at: await scene(refusal, closed) });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr).to.contain('it is closed').and.not.to.contain('->');
  });

  it('says how to repeat it when nobody knows whether it was accepted', async () => {
    const refusal = new ExitlaneError('INTERNAL', 'something broke');
    const { exitCode, stderr } = await run(['retry-exit', 'WIF', '--id', 'bot:9', '--slippage-bps', '500'], {
      at: await scene(refusal),
    });
    expect(exitCode).to.equal(ExitCode.UNKNOWN);
    expect(stderr).to.contain(`retry-exit ${ID} --id bot:9 --slippage-bps 500\n`);
  });

  it('ends with 1 for a slippage that is none', async () => {
    const { exitCode } = await run(['retry-exit', 'WIF', '--slippage-bps', '2%'], { at: await scene() });
    expect(exitCode).to.equal(ExitCode.LOCAL);
    expect(asked).to.equal(undefined);
  });
});

describe('exitlane retry', () => {
  let server: GrpcServer | undefined;
  let asked: RetryOrderRequest | undefined;
  afterEach(async () => {
    await server?.close();
    [server, asked] = [undefined, undefined];
  });

  async function scene(tried: Order, refusal?: Error): Promise<GrpcServer> {
    server = await serve({
      orders: {
        getOrder: unary(({ id }: GetOrderRequest) => {
          const known = id?.$case === 'orderReqId' ? tried.orderReqId : tried.orderId;
          if (id?.value !== known) throw new ExitlaneError('ORDER_NOT_FOUND', `there is no order ${id?.value}`);
          return { order: tried };
        }),
        retryOrder: unary((request: RetryOrderRequest) => {
          asked = request;
          if (refusal) throw refusal;
          return { order: anOrder({ orderReqId: request.orderReqId }), duplicate: false };
        }),
      },
    });
    return server;
  }
  const cancelled = anOrder({ status: OrderStatus.CANCELLED });

  for (const id of [cancelled.orderReqId, cancelled.orderId]) {
    it(`submits the entry again, known as ${id}`, async () => {
      const { exitCode, stdout } = await run(['retry', id, '--id', 'bot:2'], { at: await scene(cancelled) });
      expect(exitCode).to.equal(ExitCode.OK);
      expect(asked).to.include({ orderId: cancelled.orderId, orderReqId: 'bot:2' });
      expect(stdout).to.contain('accepted: ENTRY BONK, PENDING');
    });
  }

  it('refuses what does not exist, and what the service refuses, with what to do about an exit', async () => {
    const unknown = await run(['retry', 'nobody:1'], { at: await scene(cancelled) });
    expect(unknown.exitCode).to.equal(ExitCode.REFUSED);
    expect(unknown.stderr).to.contain('there is no order nobody:1');
    expect(asked).to.equal(undefined);
    await server?.close();
    const refusal = new ExitlaneError('NOTHING_TO_RETRY', 'it is an EXIT: RetryExit tries those again');
    const { exitCode, stderr } = await run(['retry', 'bot:1'], { at: await scene(anExit(), refusal) });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr).to.match(new RegExp(`-> for an exit that was given up: .* retry-exit ${ID}\n`));
  });

  it('leads to the alert that keeps entries off', async () => {
    const metadata = { why: 'CRITICAL_ALERT', alert_id: 'a-1' };
    const refusal = new ExitlaneError('ENTRY_REFUSED', 'no entry: alert a-1 is not resolved', { metadata });
    const { exitCode, stderr } = await run(['retry', 'bot:1'], { at: await scene(cancelled, refusal) });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr)
      .to.match(/-> see it: .* alerts a-1\n/)
      .and.to.match(/alerts resolve a-1\n/);
  });

  it('knows that nothing was changed when the order could not even be looked up', async () => {
    const { exitCode, stderr } = await run(['retry', 'bot:1']);
    expect(exitCode).to.equal(ExitCode.UNREACHABLE);
    expect(stderr).to.contain('order bot:1 could not be looked up, and nothing was changed');
  });
});
