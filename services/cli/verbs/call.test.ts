import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { listMethods } from '../../../shared/grpc/dynamic-client.js';
import type { GrpcServer } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { isRead, servedBy } from '../api-methods.js';
import { ExitCode } from '../exit-codes.js';
import { anOrder, filledStory, frame, run, serve } from '../testing/rig.js';

describe('exitlane call', () => {
  let server: GrpcServer;
  beforeEach(async () => {
    server = await serve({
      orders: { submitOrder: unary((request: SubmitOrderRequest) => ({ order: anOrder(request), duplicate: true })) },
      queue: {
        getTradingState: unary(() => ({
          state: TradingState.ACTIVE,
          changedBy: 'a',
          changeReason: '',
          changedAt: undefined,
        })),
      },
      delivery: {
        streamOrder: serverStream(async function* () {
          for (const message of filledStory()) yield frame(message);
        }),
      },
    });
  });
  afterEach(() => server.close());

  for (const name of [
    'GetTradingState',
    'gettradingstate',
    'QueueService/GetTradingState',
    'exitlane.v1.QueueService/GetTradingState',
  ]) {
    it(`finds a method as ${name}`, async () => {
      const { exitCode, stdout } = await run(['call', name], { at: server });
      expect(exitCode).to.equal(ExitCode.OK);
      expect(JSON.parse(stdout)).to.include({ state: 'TRADING_STATE_ACTIVE', changed_by: 'a' });
    });
  }

  it('takes the request from the command line, from standard input and from a file', async () => {
    const json = '{"order_req_id": "bot:7"}';
    const folder = await mkdtemp(path.join(tmpdir(), 'exitlane-call-'));
    try {
      const file = path.join(folder, 'order.json');
      await writeFile(file, json);
      for (const given of [json, '-', `@${file}`]) {
        const { stdout } = await run(['call', 'SubmitOrder', given], { at: server, stdin: json });
        expect(JSON.parse(stdout), given).to.have.nested.property('order.order_req_id', 'bot:7');
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('prints a stream as one line of JSON per message', async () => {
    const { lines } = await run(['call', 'StreamOrder', '{"order_req_id":"bot:1"}'], { at: server });
    expect(lines.map((line) => JSON.parse(line).message.sequence)).to.deep.equal(['1', '2', '3', '4']);
  });

  for (const [argv, code, text] of [
    [['call', 'SubmitOder'], 1, 'did you mean OrderService/SubmitOrder'],
    [['call', 'GetNothing/At/All'], 1, 'there is no method'],
    [['call'], 1, 'say which method'],
    [['call', 'SubmitOrder', '{bad'], 1, 'the request is not JSON'],
    [['call', 'SubmitOrder', '{"colour":1}'], 1, 'colour: SubmitOrderRequest has no such field'],
    [['call', 'SubmitOrder', '@/nowhere/at/all.json'], 1, 'cannot read /nowhere/at/all.json'],
    [['call', 'ListAlerts'], 2, 'UNIMPLEMENTED'],
    [['call', 'SubmitOrder', '--requestor', '127.0.0.1:1'], 4, 'no answer'],
    [['call', 'GetOrder', '--requestor', '127.0.0.1:1'], 5, '127.0.0.1:1'],
  ] as const) {
    it(`ends with ${code} for ${argv.join(' ')}`, async () => {
      const { exitCode, stderr } = await run(argv, { at: server });
      expect(stderr).to.contain(text);
      expect(exitCode).to.equal(code);
    });
  }

  it('lists every method with its comment', async () => {
    const { stdout } = await run(['call', '--list', '--no-color'], { columns: 80 });
    for (const { method } of listMethods()) expect(stdout).to.contain(`  ${method}`);
    for (const line of stdout.split('\n')) expect(line.length).to.be.at.most(80);
  });

  it('describes the fields of a method, messages in them included', async () => {
    const { stdout } = await run(['call', '--describe', 'StreamOrder']);
    expect(stdout).to.match(/after_sequence {2}uint64 {2}Last sequence seen/);
    expect(stdout).to.match(/slippage_bps +sint32 +Slippage against the expected price/);
    expect(stdout).to.contain('PROPOSAL_STATE_ACCEPTED');
    const json = JSON.parse((await run(['call', '--describe', 'GetOrder', '-o', 'json'])).stdout);
    expect(json.request[0]).to.include({ name: 'order_id', type: 'string' });
  });

  it('asks the service that has the method, and knows which methods change something', () => {
    expect(servedBy('exitlane.v1.DeliveryService/StreamOrder')).to.equal('processor');
    expect(servedBy('MarketService.GetPrice')).to.equal('processor');
    expect(servedBy('exitlane.v1.OrderService/GetOrder')).to.equal('requestor');
    expect(isRead('exitlane.v1.OrderService/GetOrder')).to.equal(true);
    expect(isRead('exitlane.v1.OrderService/SubmitOrder')).to.equal(false);
  });
});
