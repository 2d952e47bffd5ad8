import { expect } from 'chai';
import { OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import type { SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { ManualClock } from '../../../shared/core/clock.js';
import { ExitlaneError, invalidFields } from '../../../shared/core/errors.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { ExitCode } from '../exit-codes.js';
import { anOrder, aStatus, filledStory, frame, run, serve } from '../testing/rig.js';

const ENTRY = ['submit', 'entry', '--token', 'BONK', '--sol', '0.5', '--id', 'bot:1'];

describe('exitlane submit', () => {
  let server: GrpcServer | undefined;
  let asked: SubmitOrderRequest | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
    asked = undefined;
  });

  async function accepting(story = filledStory(), duplicate = false) {
    server = await serve({
      orders: {
        submitOrder: unary((request: SubmitOrderRequest) => {
          asked = request;
          return { order: anOrder({ orderReqId: request.orderReqId }), duplicate };
        }),
      },
      delivery: {
        streamOrder: serverStream(async function* () {
          for (const message of story) yield frame(message);
        }),
      },
    });
    return server;
  }

  async function refusing(error: Error) {
    server = await serve({
      orders: {
        submitOrder: unary(() => {
          throw error;
        }),
      },
    });
    return server;
  }

  it('submits an entry by symbol, and says the id first', async () => {
    const { exitCode, lines } = await run([...ENTRY, '--slippage-bps', '250'], { at: await accepting() });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(lines[0]).to.equal('order_req_id  bot:1');
    expect(asked).to.include({
      orderReqId: 'bot:1',
      orderType: OrderType.ENTRY,
      amountSol: '0.5',
      maxSlippageBps: 250,
    });
    expect(asked?.tokenAddress).to.equal('DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263');
  });

  it('submits an exit with its reason', async () => {
    const argv = ['submit', 'exit', '--position', 'p', '--percent', '50', '--reason', 'take_profit_1', '--emergency'];
    await run([...argv, '--id', 'bot:2'], { at: await accepting() });
    expect(asked).to.include({ orderType: OrderType.EXIT, positionId: 'p', percent: 50, exitReason: 'take_profit_1' });
    expect(asked).to.include({ emergency: true, amountTokens: '' });
  });

  it('makes up an id that the service takes', async () => {
    await run(['submit', 'entry', '--token', 'BONK', '--sol', '1'], { at: await accepting() });
    expect(asked?.orderReqId).to.match(/^cli-[0-9a-f-]{36}$/);
  });

  it('turns --expires-in into a point in time', async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    await run([...ENTRY, '--expires-in', '30s'], { at: await accepting(), clock });
    expect(asked?.expiresAt?.toISOString()).to.equal('2026-01-01T00:00:30.000Z');
  });

  it('says when the order was accepted before', async () => {
    const { stdout } = await run(ENTRY, { at: await accepting([], true) });
    expect(stdout).to.contain('accepted before: ENTRY BONK is PENDING');
  });

  it('prints one JSON document, and the made-up id beside it', async () => {
    const argv = ['submit', 'entry', '--token', 'BONK', '--sol', '1', '-o', 'json'];
    const { stdout, stderr } = await run(argv, { at: await accepting() });
    const answer = JSON.parse(stdout);
    expect(answer).to.have.nested.property('order.created_at', '2026-01-02T03:04:05.678Z');
    expect(answer).to.have.nested.property('order.dispatch_sequence', '0');
    expect(answer).to.have.nested.property('order.amount_sol', '0.5');
    expect(JSON.parse(stderr)).to.deep.equal({ order_req_id: asked?.orderReqId });
  });

  it('follows until FILLED with --watch', async () => {
    const { exitCode, lines } = await run([...ENTRY, '--watch'], { at: await accepting() });
    expect(exitCode).to.equal(ExitCode.OK);
    expect(lines.at(-1)).to.match(/ 4 {2}FILLED/);
  });

  it('ends with 3 when the order is CANCELLED', async () => {
    const story = [aStatus(1, OrderStatus.PENDING), aStatus(2, OrderStatus.CANCELLED, { reason: 'EXPIRED' })];
    const { exitCode } = await run([...ENTRY, '--watch'], { at: await accepting(story) });
    expect(exitCode).to.equal(ExitCode.NOT_FILLED);
  });

  it('prints one JSON line per message with --watch', async () => {
    const { lines } = await run([...ENTRY, '--watch', '-o', 'json'], { at: await accepting() });
    const parsed = lines.map((line) => JSON.parse(line));
    expect(parsed[0]).to.have.nested.property('order.order_req_id', 'bot:1');
    expect(parsed.slice(1).map(({ sequence }) => sequence)).to.deep.equal(['1', '2', '3', '4']);
  });

  it('shows every wrong field of a refusal, each once, with exit code 2', async () => {
    const error = invalidFields([
      { field: 'amount_sol', description: 'must be greater than 0' },
      { field: 'order_req_id', description: 'may only hold letters' },
    ]);
    const { exitCode, stderr } = await run(ENTRY, { at: await refusing(error) });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stderr).to.equal(
      'error: INVALID_ARGUMENT (INVALID_FIELD): the request has wrong fields\n' +
        '  amount_sol: must be greater than 0\n  order_req_id: may only hold letters\n',
    );
  });

  it('refuses with JSON when JSON was asked for', async () => {
    const error = new ExitlaneError('ORDER_REQ_ID_TAKEN', 'taken', { metadata: { order_id: 'x' } });
    const { exitCode, stdout, stderr } = await run([...ENTRY, '-o', 'json'], { at: await refusing(error) });
    expect(exitCode).to.equal(ExitCode.REFUSED);
    expect(stdout).to.equal('');
    expect(JSON.parse(stderr).error).to.include({
      status: 'ALREADY_EXISTS',
      reason: 'ORDER_REQ_ID_TAKEN',
      exit_code: 2,
    });
  });

  it('says how to repeat the very same order when nobody knows whether it was accepted', async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    const { exitCode, stderr } = await run([...ENTRY, '--expires-in', '30s', '--simulated'], { clock });
    expect(exitCode).to.equal(ExitCode.UNKNOWN);
    expect(stderr).to.contain(
      'whether the order was accepted is unknown: no answer (connect ECONNREFUSED 127.0.0.1:1)',
    );
    expect(stderr).to.contain(
      'npx exitlane --requestor 127.0.0.1:1 --processor 127.0.0.1:1 submit entry --id bot:1 --token BONK --sol 0.5 ' +
        '--expires-at 2026-01-01T00:00:30.000Z --simulated',
    );
    expect(stderr).not.to.contain('    at ');
  });

  for (const [argv, text] of [
    [['submit', 'entry', '--token', 'SOL', '--sol', '1'], 'not a token to trade'],
    [['submit', 'entry', '--token', 'BONK'], "required option '--sol <amount>' not specified"],
    [['submit', 'entry', '--token', 'BONK', '--sol', '1e3'], 'plain decimal'],
    [['submit', 'exit', '--position', 'p'], 'either --percent or --tokens'],
    [['submit', 'exit', '--position', 'p', '--percent', '5', '--tokens', '1'], 'either --percent or --tokens'],
    [[...ENTRY, '--expires-in', '1s', '--expires-at', '2026-01-01T00:00:00Z'], 'either --expires-in or --expires-at'],
    [[...ENTRY, '--tokn', 'BONK'], "unknown option '--tokn'"],
  ] as const) {
    it(`ends with 1 and "${text}" before anything is sent`, async () => {
      const { exitCode, stderr, stdout } = await run(argv);
      expect(exitCode).to.equal(ExitCode.LOCAL);
      expect(stderr).to.contain(text);
      expect(stdout).to.equal('');
    });
  }
});
