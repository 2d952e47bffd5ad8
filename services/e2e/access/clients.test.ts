import type { JsonValue } from '@bufbuild/protobuf';
import { expect } from 'chai';
import type { ClientSecurity } from '../../../shared/grpc/client-security.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { START_MS } from '../api/stack.js';
import { type LockedStack, lineFor, startLocked } from './locked-stack.js';

const WIF = 'EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm';
const NOWHERE = '01990000-0000-7000-8000-00000000000a';

type Json = { readonly [name: string]: Json } & string & readonly Json[];

describe('O1 clients do not see each other', () => {
  let stack: LockedStack;
  let alice: ClientSecurity;
  let bob: ClientSecurity;
  let boss: ClientSecurity;
  /** Alice's. */
  let orderId: string;
  let positionId: string;

  const ask = async (method: string, request: JsonValue, who: ClientSecurity): Promise<Json> => {
    const { status, message, answers } = await stack.call(method, request, who);
    expect(status, `${method}: ${message}`).to.equal('OK');
    return answers[0] as Json;
  };
  /** All that is hers, but for prices, which move. */
  const hersNow = async () => {
    const { position } = await ask('PositionService/GetPosition', { position_id: positionId }, alice);
    const { orders } = await ask('OrderService/ListOrders', {}, alice);
    const rest = Object.entries(position ?? {}).filter(([name]) => !/^(current_price|unrealized)/.test(name));
    return { position: rest, orders };
  };
  const entry = (id: string) => ({
    order_req_id: id,
    order_type: 'ORDER_TYPE_ENTRY',
    token_address: WIF,
    amount_sol: '0.1',
  });

  before(async function () {
    this.timeout(START_MS);
    stack = await startLocked();
    stack.allow([
      lineFor('alice', 'trade', 'exl_alice'),
      lineFor('bob', 'trade', 'exl_bob'),
      lineFor('auditor', 'read', 'exl_auditor', 'client=alice'),
      lineFor('boss', 'admin', 'exl_boss'),
    ]);
    [alice, bob, boss] = [stack.as('exl_alice'), stack.as('exl_bob'), stack.as('exl_boss')];
    orderId = (await ask('OrderService/SubmitOrder', entry('alices'), alice)).order?.order_id ?? '';
    positionId = await eventually('a position', async () => {
      const { order } = await ask('OrderService/GetOrder', { order_id: orderId }, alice);
      return order?.status === 'ORDER_STATUS_FILLED' ? order.position_id : undefined;
    });
    // Something to lose: an empty plan would turn it off.
    await ask('PositionService/SetExitPlan', { position_id: positionId, exit_plan: { stop_loss_percent: 90 } }, alice);
  });
  after(() => stack?.close());

  const CALLS: readonly [string, () => JsonValue, () => JsonValue][] = [
    ['OrderService/GetOrder', () => ({ order_id: orderId }), () => ({ order_id: NOWHERE })],
    ['OrderService/GetOrder', () => ({ order_req_id: 'alices' }), () => ({ order_req_id: 'nobodys' })],
    ['OrderService/CancelOrder', () => ({ order_id: orderId }), () => ({ order_id: NOWHERE })],
    [
      'OrderService/RetryOrder',
      () => ({ order_id: orderId, order_req_id: 'again' }),
      () => ({ order_id: NOWHERE, order_req_id: 'again' }),
    ],
    ['PositionService/GetPosition', () => ({ position_id: positionId }), () => ({ position_id: NOWHERE })],
    [
      'PositionService/ExitPosition',
      () => ({ position_id: positionId, order_req_id: 'steal', percent: 100, exit_reason: 'manual' }),
      () => ({ position_id: NOWHERE, order_req_id: 'steal', percent: 100, exit_reason: 'manual' }),
    ],
    [
      'PositionService/RetryExit',
      () => ({ position_id: positionId, order_req_id: 'steal' }),
      () => ({ position_id: NOWHERE, order_req_id: 'steal' }),
    ],
    [
      'PositionService/SetExitPlan',
      () => ({ position_id: positionId, exit_plan: {} }),
      () => ({ position_id: NOWHERE, exit_plan: {} }),
    ],
    [
      'OrderService/SubmitOrder',
      () => ({
        order_req_id: 'steal',
        order_type: 'ORDER_TYPE_EXIT',
        position_id: positionId,
        percent: 50,
        exit_reason: 'manual',
      }),
      () => ({
        order_req_id: 'steal',
        order_type: 'ORDER_TYPE_EXIT',
        position_id: NOWHERE,
        percent: 50,
        exit_reason: 'manual',
      }),
    ],
    ['DeliveryService/StreamOrder', () => ({ order_req_id: 'alices' }), () => ({ order_req_id: 'nobodys' })],
    ['DeliveryService/GetOrderQueueStats', () => ({ order_req_id: 'alices' }), () => ({ order_req_id: 'nobodys' })],
    [
      'DeliveryService/SubmitProposal',
      () => ({ order_req_id: 'alices', proposal_id: 'p', source: 's', amount_sol: '1', amount_tokens: '1' }),
      () => ({ order_req_id: 'nobodys', proposal_id: 'p', source: 's', amount_sol: '1', amount_tokens: '1' }),
    ],
  ];
  for (const [method, hers, nobodys] of CALLS) {
    it(`${method} answers of another's exactly as of what does not exist (${Object.keys(hers() as object)[0]})`, async () => {
      const before = await hersNow();
      const other = await stack.call(method, hers(), bob);
      const none = await stack.call(method, nobodys(), bob);
      expect(other.status, other.message).to.equal('NOT_FOUND');
      const blank = (text: string) =>
        text
          .replaceAll(orderId, 'ID')
          .replaceAll(positionId, 'ID')
          .replaceAll(NOWHERE, 'ID')
          .replace(/alices|nobodys/g, 'ID');
      expect({ ...other, message: blank(other.message) }).to.deep.equal({ ...none, message: blank(none.message) });
      // Being told no is not enough: nothing of hers may have changed.
      expect(await hersNow()).to.deep.equal(before);
    });
  }

  it('lists, sums and watches hold the own only; an admin sees all', async () => {
    for (const [who, count] of [
      [alice, 1],
      [bob, 0],
      [boss, 1],
    ] as const) {
      expect((await ask('OrderService/ListOrders', {}, who)).orders).to.have.length(count);
      expect((await ask('PositionService/ListPositions', {}, who)).positions).to.have.length(count);
      expect((await ask('PositionService/GetPnl', {}, who)).open_positions).to.equal(count);
      const watched = await ask('PositionService/WatchPositions', { include_current: true }, who);
      expect(watched.position?.position_id ?? '').to.equal(count === 1 ? positionId : '');
    }
  });

  it('somebody who reads for a client sees what that client sees, and changes nothing', async () => {
    const auditor = stack.as('exl_auditor');
    expect((await ask('OrderService/ListOrders', {}, auditor)).orders).to.have.length(1);
    const exit = await stack.call('PositionService/ExitPosition', { position_id: positionId }, auditor);
    expect(exit.status).to.equal('PERMISSION_DENIED');
  });

  it('the same order_req_id for two clients is taken, and tells nothing of the other order', async () => {
    const { status, reason, message } = await stack.call('OrderService/SubmitOrder', entry('alices'), bob);
    expect({ status, reason }).to.deep.equal({ status: 'ALREADY_EXISTS', reason: 'ORDER_REQ_ID_TAKEN' });
    expect(message).to.not.include(orderId);
    const { order, duplicate } = await ask('OrderService/SubmitOrder', entry('alices'), alice);
    expect(order?.order_id).to.equal(orderId);
    expect(duplicate).to.equal(true);
  });

  it("an exit of the position is its client's, whoever asked for it", async () => {
    const exit = { position_id: positionId, order_req_id: 'boss-sells', percent: 100, exit_reason: 'manual' };
    await ask('PositionService/ExitPosition', exit, boss);
    const { order } = await ask('OrderService/GetOrder', { order_req_id: 'boss-sells' }, alice);
    expect(order?.position_id).to.equal(positionId);
    expect((await stack.call('OrderService/GetOrder', { order_req_id: 'boss-sells' }, bob)).status).to.equal(
      'NOT_FOUND',
    );
  });

  it('the queue is told in numbers; which orders run, each is told of its own', async () => {
    await ask(
      'QueueService/SetTradingState',
      { state: 'TRADING_STATE_ACTIVE', changed_by: 'boss', change_reason: 'test' },
      boss,
    );
    const running = async (who: ClientSecurity) =>
      (await ask('QueueService/GetQueueStats', {}, who)).stats?.running ?? [];
    await ask('OrderService/SubmitOrder', entry('alices-next'), alice);
    await eventually('it to run or to have run', async () => {
      const { order } = await ask('OrderService/GetOrder', { order_req_id: 'alices-next' }, alice);
      const seen = JSON.stringify(await running(bob));
      expect(seen).to.not.include('alices-next');
      return order?.status === 'ORDER_STATUS_FILLED';
    });
    await stack.db.query(
      `UPDATE orders SET status = 'SUBMITTED', holds_slot = true, lease_owner = 'test', lease_until = exitlane_now() + interval '1 hour'
       WHERE order_req_id = 'alices-next'`,
    );
    expect(JSON.stringify(await running(alice))).to.include('alices-next');
    expect(JSON.stringify(await running(boss))).to.include('alices-next');
    expect(await running(bob)).to.deep.equal([]);
  });

  it('P9 an entry that would go before the exits of others takes the role admin', async () => {
    const urgent = (id: string) => ({ ...entry(id), emergency: true });
    const refused = await stack.call('OrderService/SubmitOrder', urgent('alices-rush'), alice);
    expect(refused).to.include({ status: 'PERMISSION_DENIED', reason: 'ROLE_INSUFFICIENT' });
    expect((await stack.call('OrderService/GetOrder', { order_req_id: 'alices-rush' }, alice)).status).to.equal(
      'NOT_FOUND',
    );
    const { order } = await ask('OrderService/SubmitOrder', urgent('boss-rush'), boss);
    expect(order?.emergency).to.equal(true);
  });
});
