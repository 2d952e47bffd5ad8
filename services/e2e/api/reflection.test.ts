import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { packageRoot } from '../../../shared/core/package-root.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { mint, WAIT_MS } from './support.js';

interface OrderAnswer {
  readonly order?: { readonly orderReqId?: string; readonly status?: string };
}
interface Frame {
  readonly header?: { readonly headSequence?: string };
  readonly message?: { readonly sequence?: string; readonly text?: string; readonly createdAt?: string };
}

describe('S5 buf curl, which knows of the API only what reflection tells it', () => {
  let stack: Stack;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
  });
  after(() => stack?.close());

  /** What it prints: one JSON document after the other. */
  async function curl(address: string, method: string, ...flags: string[]): Promise<string> {
    const buf = path.join(packageRoot(), 'node_modules/.bin/buf');
    const target = `http://${address}${method === '' ? '' : `/exitlane.v1.${method}`}`;
    const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...flags, target];
    const { stdout } = await promisify(execFile)(buf, args, { timeout: WAIT_MS });
    return stdout;
  }

  it('lists the services and methods of each port', async () => {
    const [requestor, processor] = await Promise.all(
      [stack.requestorAddress, stack.processorAddress].map((address) => curl(address, '', '--list-methods')),
    );
    const methods = requestor?.split('\n') ?? [];
    expect(methods).to.include.members([
      'exitlane.v1.OrderService/SubmitOrder',
      'exitlane.v1.OrderService/WatchOrders',
      'exitlane.v1.QueueService/SetTradingState',
      'exitlane.v1.PositionService/GetPosition',
      'exitlane.v1.SystemService/GetStatus',
      'grpc.health.v1.Health/Check',
    ]);
    expect(requestor).not.to.contain('exitlane.v1.DeliveryService');
    expect(processor?.split('\n')).to.include.members([
      'exitlane.v1.DeliveryService/StreamOrder',
      'exitlane.v1.ExecutionService/ExecuteOrder',
      'exitlane.v1.MarketService/GetPrice',
      'exitlane.v1.SystemService/GetStatus',
    ]);
    expect(processor).not.to.contain('exitlane.v1.OrderService');
  });

  it('submits an order and follows it to its end', async () => {
    const order = { order_req_id: 'curl-1', order_type: 'ORDER_TYPE_ENTRY', token_address: mint('JUP') };
    const data = JSON.stringify({ ...order, amount_sol: '0.3' });
    const answer = await curl(stack.requestorAddress, 'OrderService/SubmitOrder', '-d', data);
    const submitted = JSON.parse(answer) as OrderAnswer;
    expect(submitted.order).to.include({ orderReqId: 'curl-1', status: 'ORDER_STATUS_PENDING' });

    const wish = JSON.stringify({ order_req_id: 'curl-1' });
    const printed = await curl(stack.processorAddress, 'DeliveryService/StreamOrder', '-d', wish);
    const frames = documents(printed) as Frame[];
    expect(frames[0]).to.have.property('header');
    const messages = frames.flatMap(({ message }) => (message ? [message] : []));
    expect(messages.map(({ sequence }) => sequence)).to.deep.equal(['1', '2', '3', '4', '5', '6']);
    expect(messages.at(-1)?.text).to.equal('FILLED');
    for (const { createdAt } of messages) expect(Date.parse(createdAt ?? '')).to.be.greaterThan(0);

    const found = await curl(stack.requestorAddress, 'OrderService/GetOrder', '-d', wish);
    expect((JSON.parse(found) as OrderAnswer).order?.status).to.equal('ORDER_STATUS_FILLED');
  });

  it('prints a refusal with its details', async () => {
    const refused = curl(stack.requestorAddress, 'OrderService/SubmitOrder', '-d', '{"order_req_id": "two words"}');
    const { stderr } = await refused.then(
      () => ({ stderr: '' }),
      (error: { stderr: string }) => error,
    );
    const shown = JSON.parse(stderr) as { code: string; message: string; details: { type: string }[] };
    expect(shown.code).to.equal('invalid_argument');
    expect(shown.message).to.contain('order_req_id: may only hold letters');
    expect(shown.details.map(({ type }) => type)).to.include.members(['google.rpc.ErrorInfo', 'google.rpc.BadRequest']);
  });
});

/** The JSON objects that stand one after the other in a text. */
function documents(text: string): unknown[] {
  return JSON.parse(`[${text.trim().replace(/}\n{/g, '},{')}]`) as unknown[];
}
