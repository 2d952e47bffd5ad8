import type { JsonValue } from '@bufbuild/protobuf';
import { expect } from 'chai';
import type { ClientSecurity } from '../../../shared/grpc/client-security.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { mintOf } from '../../sandbox/mints.js';
import { START_MS } from '../api/stack.js';
import { type LockedStack, lineFor, startLocked } from './locked-stack.js';

const WIF = mintOf('WIF').address;
const NOWHERE = '01990000-0000-7000-8000-00000000000a';

type Json = { readonly [name: string]: Json } & string & readonly Json[];

describe("O1 X9 X11 ids of Exitlane's own orders", () => {
  let stack: LockedStack;
  let alice: ClientSecurity;
  let bob: ClientSecurity;
  let boss: ClientSecurity;

  const ask = async (method: string, request: JsonValue, who: ClientSecurity): Promise<Json> => {
    const { status, message, answers } = await stack.call(method, request, who);
    expect(status, `${method}: ${message}`).to.equal('OK');
    return answers[0] as Json;
  };
  /** The mock executor takes the expected price, twice what the sandbox's market says: a stop-loss is due as soon as there is one. */
  const entry = (id: string) => ({
    order_req_id: id,
    order_type: 'ORDER_TYPE_ENTRY',
    token_address: WIF,
    amount_sol: '0.1',
    expected_price: '0.01',
  });
  const filled = (id: string, who: ClientSecurity) =>
    eventually(`the fill of ${id}`, async () => {
      const { order } = await ask('OrderService/GetOrder', { order_req_id: id }, who);
      return order?.status === 'ORDER_STATUS_FILLED' ? order : undefined;
    });

  before(async function () {
    this.timeout(START_MS);
    stack = await startLocked();
    stack.allow([
      lineFor('alice', 'trade', 'exl_alice'),
      lineFor('bob', 'trade', 'exl_bob'),
      lineFor('boss', 'admin', 'exl_boss'),
    ]);
    [alice, bob, boss] = [stack.as('exl_alice'), stack.as('exl_bob'), stack.as('exl_boss')];
  });
  after(() => stack?.close());

  const exit = { order_type: 'ORDER_TYPE_EXIT', position_id: NOWHERE, percent: 50, exit_reason: 'manual' };
  const MAKING: readonly [string, string, object][] = [
    [
      'OrderService/SubmitOrder',
      'of an entry',
      { order_type: 'ORDER_TYPE_ENTRY', token_address: WIF, amount_sol: '0.1' },
    ],
    ['OrderService/SubmitOrder', 'of an exit', exit],
    ['OrderService/SubmitOrder', 'of an emergency', { ...exit, emergency: true }],
    ['OrderService/ProcessSignal', '', { token_address: WIF, amount_sol: '0.1' }],
    ['OrderService/RetryOrder', '', { order_id: NOWHERE }],
    ['PositionService/ExitPosition', '', { position_id: NOWHERE }],
    ['PositionService/RetryExit', '', { position_id: NOWHERE }],
  ];
  for (const [method, what, request] of MAKING) {
    it(`${[method, what].join(' ').trim()} refuses them of everybody`, async () => {
      for (const who of [bob, boss]) {
        for (const prefix of ['exit:', 'follow:']) {
          const asked = { ...request, order_req_id: `${prefix}${NOWHERE}:stop_loss` };
          const { status, message } = await stack.call(method, asked, who);
          expect(status, message).to.equal('INVALID_ARGUMENT');
          expect(message).to.contain('order_req_id: must not begin with exit: or follow:');
        }
      }
      const asked = { ...request, order_req_id: `my-exit:${[method, what].join(':').replaceAll(/[/ ]/g, '-')}` };
      expect((await stack.call(method, asked, bob)).message).to.not.contain('order_req_id');
    });
  }

  it("X9 a stop-loss sells although another client's order of an older version has its id", async () => {
    await ask('OrderService/SubmitOrder', entry('alices'), alice);
    const { position_id: positionId = '' } = await filled('alices', alice);
    const ids = [`exit:${positionId}:stop_loss`, `exit:${positionId}:stop_loss.2`];
    for (const [index, id] of ids.entries()) {
      await ask('OrderService/SubmitOrder', entry(`bobs-${index}`), bob);
      const { order_id: orderId = '' } = await filled(`bobs-${index}`, bob);
      await stack.db.query('UPDATE orders SET order_req_id = $2 WHERE order_id = $1', [orderId, id]);
    }
    const plan = { position_id: positionId, exit_plan: { stop_loss_percent: 10 } };
    await ask('PositionService/SetExitPlan', plan, alice);

    const position = await eventually('the end of the position', async () => {
      const got = await ask('PositionService/GetPosition', { position_id: positionId }, alice);
      return got.position?.status === 'POSITION_STATUS_CLOSED' ? got.position : undefined;
    });
    expect(position.sold_tokens).to.equal(position.entry_amount_tokens);
    const request = { position_id: positionId, order_type: 'ORDER_TYPE_EXIT' };
    const { orders = [] } = await ask('OrderService/ListOrders', request, alice);
    expect((orders as readonly Json[]).map((order) => [order.order_req_id, order.exit_reason])).to.deep.equal([
      [`exit:${positionId}:stop_loss.3`, 'stop_loss'],
    ]);
    const hers = await stack.call('OrderService/GetOrder', { order_req_id: ids[0] ?? '' }, alice);
    expect(hers.status, "bob's order is none of hers").to.equal('NOT_FOUND');
  });
});
