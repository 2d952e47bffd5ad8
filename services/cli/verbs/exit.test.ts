import { expect } from 'chai';
import type { StreamOrderRequest } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { type Order, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { type Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import type {
  ExitPositionRequest,
  GetPositionRequest,
  ListPositionsRequest,
} from '../../../proto/gen/exitlane/v1/position_service.js';
import { ExitlaneError, invalidField } from '../../../shared/core/errors.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode } from '../exit-codes.js';
import { anExit, aPosition, aStatus, filledStory, frame, run, serve } from '../testing/rig.js';

const ID = aPosition().positionId;
const OTHER = aPosition({ positionId: '01a1fe42-ffff-7ba9-9dff-4079dbdf5270', tokenSymbol: 'BONK', tokenAddress: 'b' });

interface Scene {
  readonly open?: readonly Position[];
  /** The answer's order, from what was asked. */
  readonly order?: (request: ExitPositionRequest) => Order;
  readonly follows?: boolean;
  readonly refusal?: Error;
  /** Of every look. */
  readonly lookRefusal?: Error;
  /** Messages of an order, by its id. */
  readonly story?: (orderReqId: string) => ReturnType<typeof filledStory>;
}

describe('X3 S6 exitlane exit', () => {
  let server: GrpcServer | undefined;
  let asked: ExitPositionRequest[] = [];
  let watched: string[] = [];
  let listed: ListPositionsRequest | undefined;
  afterEach(async () => {
    await server?.close();
    [server, asked, watched, listed] = [undefined, [], [], undefined];
  });

  async function scene({
    open = [aPosition(), OTHER],
    story = filledStory,
    ...scene
  }: Scene = {}): Promise<GrpcServer> {
    server = await serve({
      positions: {
        getPosition: unary(({ positionId }: GetPositionRequest) => {
          if (scene.lookRefusal) throw scene.lookRefusal;
          const position = open.find((each) => each.positionId === positionId);
          if (!position) throw new ExitlaneError('POSITION_NOT_FOUND', `there is no position ${positionId}`);
          return { position };
        }),
        listPositions: unary((request: ListPositionsRequest) => {
          if (scene.lookRefusal) throw scene.lookRefusal;
          listed = request;
          return { positions: open, nextPageToken: '' };
        }),
        exitPosition: unary((request: ExitPositionRequest) => {
          asked.push(request);
          if (scene.refusal) throw scene.refusal;
          const order = scene.order?.(request) ?? anExit({ orderReqId: request.orderReqId });
          return { order, duplicate: false, follows: scene.follows ?? false };
        }),
      },
      delivery: {
        streamOrder: serverStream(async function* ({ orderReqId }: StreamOrderRequest) {
          watched.push(orderReqId);
          for (const message of story(orderReqId)) yield frame(message);
        }),
      },
    });
    return server;
  }

  it('sells a part by whole id, and says what was made and how to follow it', async () => {
    const argv = ['exit', ID, '--percent', '30', '--reason', 'take_profit_1', '--slippage-bps', '250', '--id', 'bot:1'];
    const { exitCode, lines } = await run(argv, { at: await scene() });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(asked).to.have.length(1);
    expect(asked[0]).to.include({ orderReqId: 'bot:1', positionId: ID, percent: 30, exitReason: 'take_profit_1' });
    expect(asked[0]).to.include({ emergency: false, maxSlippageBps: 250 });
    expect(lines[0]).to.equal('order_req_id  bot:1');
    expect(lines).to.include('accepted: EXIT WIF, PENDING, priority 40 (EXIT_MANUAL)');
    expect(lines).to.include('sells 83.375902 WIF (manual), slippage at most 150 bps');
    expect(lines.at(-1)).to.match(/^follow it: +npx exitlane .* watch bot:1$/);
  });

  it('A2 an emergency exit by whole id looks for nothing first: a look may be refused where it is not', async () => {
    const lookRefusal = new ExitlaneError('RATE_LIMITED', 'too many calls');
    const at = await scene({ lookRefusal });
    for (const id of [ID, ID.toUpperCase()]) {
      expect((await run(['exit', id, '--emergency'], { at })).exitCode).to.equal(ExitCode.OK);
      expect(asked.at(-1)).to.include({ positionId: ID, emergency: true });
    }
    expect((await run(['exit', ID], { at })).exitCode, 'others look').to.not.equal(ExitCode.OK);
    expect(asked).to.have.length(2);
  });

  for (const [how, text] of [
    ['the beginning of its id', '01A1FE42-d'],
    ['its symbol', 'wif'],
    ['its mint', aPosition().tokenAddress],
  ] as const) {
    it(`finds the position by ${how}, among those not closed`, async () => {
      const { exitCode } = await run(['exit', text, '--emergency'], { at: await scene() });
      expect(exitCode).to.equal(ExitCode.OK);
      const { OPEN, EXIT_PENDING, PARTIAL_EXIT } = PositionStatus;
      expect(listed?.statuses).to.have.members([OPEN, EXIT_PENDING, PARTIAL_EXIT]);
      expect(asked[0]).to.include({ positionId: ID, emergency: true, exitReason: '' });
      expect(asked[0]?.percent).to.equal(undefined);
    });
  }

  it('sells nothing when several positions are meant, and shows them', async () => {
    const second = aPosition({
      positionId: '01a1fe43-0000-7ba9-9dff-4079dbdf5270',
      status: PositionStatus.PARTIAL_EXIT,
    });
    const { exitCode, stderr } = await run(['exit', 'WIF'], { at: await scene({ open: [aPosition(), second] }) });
    expect(exitCode).to.equal(ExitCode.LOCAL);
    expect(stderr).to.contain('WIF may be any of 2 open positions');
    expect(stderr).to.contain(`${ID}  WIF  OPEN`).and.to.contain(`${second.positionId}  WIF  PARTIAL_EXIT`);
    expect(asked).to.deep.equal([]);
  });

  it('sells nothing when no position is meant', async () => {
    for (const text of ['JUP', '01a', 'ffff']) {
      const { exitCode, stderr } = await run(['exit', text], { at: await scene() });
      expect(exitCode).to.equal(ExitCode.REFUSED);
      expect(stderr).to.contain(`no open position is ${text}`).and.to.contain('positions (a closed one goes by');
      await server?.close();
    }
    expect(asked).to.deep.equal([]);
  });

  it('knows that nothing was changed when the position could not even be looked up', async () => {
    for (const text of [ID, 'WIF']) {
      const { exitCode, stderr } = await run(['exit', text]);
      expect(exitCode).to.equal(ExitCode.UNREACHABLE);
      expect(stderr).to.contain(`position ${text} could not be looked up, and nothing was changed: no answer`);
    }
  });

  it('says plainly when nothing was made, because the exit follows one on the wire', async () => {
    const order = () => anExit({ orderReqId: 'bot:0', exitReason: 'take_profit_1', status: OrderStatus.CONFIRMING });
    const { exitCode, stdout } = await run(['exit', 'WIF', '--id', 'bot:1'], {
      at: await scene({ order, follows: true }),
    });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(stdout).to.contain(
      'nothing was made: take_profit_1 order bot:0 (CONFIRMING) was sent already and has all the tokens\n' +
        'if it dies, your order bot:1 is made and sells them at once, as urgently as asked for here\n',
    );
    expect(stdout).not.to.contain('accepted');
    expect(stdout).to.match(/watch bot:0\n$/);
  });

  it('watches the exit on the wire, and the one that was asked for when it dies', async () => {
    const order = () => anExit({ orderReqId: 'bot:0', status: OrderStatus.CONFIRMING });
    const dead = [aStatus(1, OrderStatus.PENDING), aStatus(2, OrderStatus.CANCELLED, { reason: 'SUPERSEDED' })];
    const story = (orderReqId: string) => (orderReqId === 'bot:0' ? dead : filledStory());
    const { exitCode, lines } = await run(['exit', 'WIF', '--watch', '--id', 'bot:1'], {
      at: await scene({ order, follows: true, story }),
    });
    expect(watched).to.deep.equal(['bot:0', 'bot:1']);
    expect(lines.at(-1)).to.match(/ 4 {2}FILLED/);
    expect(exitCode).to.equal(ExitCode.OK);
  });

  it('follows until the end with --watch, and ends with 3 when nothing was sold', async () => {
    const story = () => [aStatus(1, OrderStatus.PENDING), aStatus(2, OrderStatus.CANCELLED)];
    const { exitCode } = await run(['exit', 'WIF', '--watch', '--id', 'bot:1'], { at: await scene({ story }) });
    expect(exitCode).to.equal(ExitCode.NOT_FILLED);
    expect(watched).to.deep.equal(['bot:1']);
  });

  it('prints one JSON document, and the made-up id beside it', async () => {
    const { stdout, stderr } = await run(['exit', 'WIF', '-o', 'json'], { at: await scene() });
    expect(JSON.parse(stdout)).to.have.nested.property('order.amount_tokens', '83.375902');
    expect(JSON.parse(stdout)).to.include({ duplicate: false, follows: false });
    expect(JSON.parse(stderr)).to.deep.equal({ order_req_id: asked[0]?.orderReqId });
  });

  it('X7 shows why it is refused, and where to look', async () => {
    const text = `position ${ID} is being left by manual order bot:0 (PENDING), which is just as urgent; wait for its end`;
    const metadata = { position_id: ID, why: 'UNDER_WAY', order_id: anExit().orderId };
    const refusal = new ExitlaneError('POSITION_NOT_EXITABLE', text, { metadata });
    const { exitCode, stderr } = await run(['exit', 'WIF'], { at: await scene({ refusal }) });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr).to.contain(`error: FAILED_PRECONDITION (POSITION_NOT_EXITABLE): ${text}`);
    expect(stderr).to.match(new RegExp(`-> see that order: npx exitlane .* orders ${anExit().orderId}\n`));
  });

  it('X7 a missing price is a refusal, not an unknown end: nothing was made', async () => {
    const refusal = new ExitlaneError('PRICE_UNAVAILABLE', 'no price', { retryDelayMs: 1_000 });
    const { exitCode, stderr } = await run(['exit', 'WIF'], { at: await scene({ refusal }) });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr).to.match(new RegExp(`-> without waiting for a price: npx exitlane .* exit ${ID} --emergency\n`));
  });

  it('shows a wrong reason as the service names it', async () => {
    const refusal = invalidField('exit_reason', 'must be one of stop_loss, manual');
    const { exitCode, stderr } = await run(['exit', 'WIF', '--reason', 'boredom'], { at: await scene({ refusal }) });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr).to.contain('exit_reason: must be one of stop_loss, manual');
  });

  it('says how to repeat the very same exit when nobody knows whether it was accepted', async () => {
    const refusal = new ExitlaneError('DATABASE_UNAVAILABLE', 'the database is away');
    const argv = ['exit', 'WIF', '--id', 'bot:1', '--percent', '30', '--reason', 'stop_loss', '--emergency'];
    const { exitCode, stderr } = await run(argv, { at: await scene({ refusal }) });
    expect(exitCode).to.equal(ExitCode.UNKNOWN);
    expect(stderr).to.contain('whether the order was accepted is unknown');
    expect(stderr).to.contain(`exit ${ID} --id bot:1 --percent 30 --reason stop_loss --emergency\n`);
  });

  for (const [argv, text] of [
    [['exit'], "missing required argument 'position'"],
    [['exit', 'WIF', '--percent', '0'], 'from 1 to 100'],
    [['exit', 'WIF', '--percent', '30%'], 'from 1 to 100'],
    [['exit', 'WIF', '--slippage-bps', '10001'], 'from 1 to 10000'],
    [['exit', 'WIF', 'BONK'], 'too many arguments'],
  ] as const) {
    it(`ends with 1 for ${argv.join(' ')}`, async () => {
      const { exitCode, stderr } = await run(argv, { at: await scene() });
      expect(exitCode).to.equal(ExitCode.LOCAL);
      expect(stderr).to.contain(text);
      expect(asked).to.deep.equal([]);
    });
  }
});
