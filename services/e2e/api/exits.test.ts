import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { AlertState, ListAlertsRequest } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { type Order, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { ProcessSignalRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { type Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { ExitPositionRequest, RetryExitRequest } from '../../../proto/gen/exitlane/v1/position_service.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { parseAmount } from '../../../shared/core/decimals.js';
import { call } from '../../../shared/grpc/client.js';
import { START_MS, type Stack, startStack } from './stack.js';
import {
  buy,
  expectViolation,
  filled,
  messagesOf,
  mint,
  openPositions,
  orderIn,
  orderOf,
  reached,
  refusal,
  statusIn,
} from './support.js';

describe('X exits of positions, by the API, on the sandbox', () => {
  let stack: Stack;
  before(async function () {
    this.timeout(START_MS);
    stack = await startStack({ retryPolicy: { firstDelayMs: 50, maxDelayMs: 100 } });
  });
  after(() => stack?.close());

  const open = async (name: string, symbol: string) => {
    const [positionId = ''] = await openPositions(stack, [name], { tokenAddress: mint(symbol) });
    return positionId;
  };
  const position = async (positionId: string): Promise<Position> => {
    const { position: found } = await call(stack.positions, 'getPosition', { positionId });
    if (!found) throw new Error('an answer without a position');
    return found;
  };
  const exit = (orderReqId: string, positionId: string, more: Parameters<typeof ExitPositionRequest.create>[0] = {}) =>
    call(stack.positions, 'exitPosition', ExitPositionRequest.create({ orderReqId, positionId, ...more }));
  const retry = (orderReqId: string, positionId: string) =>
    call(stack.positions, 'retryExit', RetryExitRequest.create({ orderReqId, positionId }));
  const ended = async (orderReqId: string): Promise<Order> => {
    await messagesOf(stack, orderReqId);
    return orderOf(stack, orderReqId);
  };
  const alertsOf = async (positionId: string) => {
    const { alerts } = await call(stack.alerts, 'listAlerts', ListAlertsRequest.create({ positionId }));
    return alerts;
  };

  it('X1 X3 X4 X8 sells a part, then all: position, profit and wallet agree to the last unit', async () => {
    const positionId = await open('parts', 'BONK');
    const bought = units((await position(positionId)).entryAmountTokens);
    const { order } = await exit('parts-30', positionId, { percent: 30, exitReason: 'take_profit_1' });
    expect(order).to.include({ exitReason: 'take_profit_1', emergency: false, maxSlippageBps: 150 });
    const first = await filled(stack, 'parts-30');
    const partial = await position(positionId);
    expect(partial.status).to.equal(PositionStatus.PARTIAL_EXIT);
    expect(units(partial.soldTokens)).to.equal((bought * 30n) / 100n);
    expect(await walletUnits('BONK')).to.equal(bought - (bought * 30n) / 100n);

    await exit('parts-all', positionId, { exitReason: 'stop_loss' });
    const second = await filled(stack, 'parts-all');
    const closed = await position(positionId);
    expect(closed.status).to.equal(PositionStatus.CLOSED);
    expect(closed.closedAt).to.be.instanceOf(Date);
    expect(units(closed.soldTokens)).to.equal(bought);
    const profit = lamports(first.amountSol) + lamports(second.amountSol) - lamports(closed.entryAmountSol);
    expect(lamports(closed.finalPnl)).to.equal(profit);
    expect(await walletUnits('BONK')).to.equal(0n);
  });

  it('S6 is idempotent by its request id, and refuses the id for another exit', async () => {
    const positionId = await open('twice', 'WIF');
    const first = await exit('twice-exit', positionId, { percent: 50 });
    const again = await exit('twice-exit', positionId, { percent: 50 });
    expect([first.duplicate, again.duplicate]).to.deep.equal([false, true]);
    expect(again.order?.orderId).to.equal(first.order?.orderId);
    expect((await refusal(exit('twice-exit', positionId, { percent: 51 }))).status).to.equal('ALREADY_EXISTS');
    await filled(stack, 'twice-exit');
  });

  it('X7 refuses a second exit of the same urgency while one lives, and says which and what to do', async () => {
    const positionId = await open('busy', 'JUP');
    await stack.control('pause');
    const { order } = await exit('busy-1', positionId, { percent: 50, exitReason: 'take_profit_1' });
    await reached(stack, 'busy-1', OrderStatus.CONFIRMING);
    const error = await refusal(exit('busy-2', positionId, { percent: 50, exitReason: 'take_profit_2' }));
    expect(error.status).to.equal('FAILED_PRECONDITION');
    expect(error.metadata).to.include({ why: 'UNDER_WAY', order_id: order?.orderId });
    expect(error.message).to.contain('take_profit_1 order busy-1').and.contain('wait for its end');
    await stack.control('resume');
    await filled(stack, 'busy-1');
  });

  it('X11 a stop-loss takes over a queued take-profit, runs once and sells all that is left', async () => {
    const positionId = await open('takeover', 'JTO');
    await stack.control('faults', { fault: 'slow', on: 'quote', count: 1, ms: 3_000 });
    await exit('takeover-profit', positionId, { percent: 50, exitReason: 'take_profit_1' });
    await reached(stack, 'takeover-profit', OrderStatus.SUBMITTED);
    await exit('takeover-stop', positionId, { exitReason: 'stop_loss' });
    await filled(stack, 'takeover-stop');
    const profit = await ended('takeover-profit');
    expect([profit.status, profit.reason]).to.deep.equal([OrderStatus.CANCELLED, 'SUPERSEDED']);
    expect((await position(positionId)).status).to.equal(PositionStatus.CLOSED);
    expect(await alertsOf(positionId)).to.deep.equal([]);
  });

  it('X5 X6 X12 X13 an exit without a route ends in an alert that keeps entries off; a retry closes and resolves', async () => {
    const positionId = await open('stuck', 'RAY');
    await stack.control('faults', { fault: 'no_route', count: null, mint: mint('RAY') });
    await exit('stuck-stop', positionId, { exitReason: 'stop_loss' });
    const given = await ended('stuck-stop');
    expect([given.status, given.reason]).to.deep.equal([OrderStatus.CANCELLED, 'ATTEMPTS_EXHAUSTED']);
    expect(await slippages('stuck-stop')).to.deep.equal([250, 350, 450, 550]);
    const stuck = await position(positionId);
    expect(stuck.status).to.equal(PositionStatus.OPEN);
    expect(stuck.exitBlocker).to.contain('stop_loss exit').and.contain('failed after 5 attempts');
    const [alert] = await alertsOf(positionId);
    expect(alert).to.include({ title: 'EXIT FAILED - Manual action required', state: AlertState.OPEN, attempts: 5 });

    const blocked = await refusal(buy(stack, 'stuck-more', { tokenAddress: mint('RAY') }));
    expect(blocked.metadata).to.include({ why: 'CRITICAL_ALERT', alert_id: alert?.alertId });
    expect((await refusal(signal('stuck-signal', 'RAY'))).metadata).to.include({ why: 'CRITICAL_ALERT' });

    await stack.control('faults/reset');
    const { order } = await retry('stuck-retry', positionId);
    expect(order).to.include({ exitReason: 'stop_loss', maxSlippageBps: 550 });
    await filled(stack, 'stuck-retry');
    expect((await position(positionId)).status).to.equal(PositionStatus.CLOSED);
    expect((await alertsOf(positionId))[0]?.state).to.equal(AlertState.RESOLVED);
    await buy(stack, 'stuck-again', { tokenAddress: mint('RAY') });
    await filled(stack, 'stuck-again');
    expect((await refusal(retry('stuck-late', positionId))).message).to.contain('it is closed');
  });

  it('X13 a signal becomes an order, once, and is refused with the reason when trading is held', async () => {
    const first = orderIn(await signal('signal-1', 'PYTH', { score: 0.9, signalReason: 'volume' }));
    expect(first).to.include({ signalScore: 0.9, signalReason: 'volume' });
    expect((await signal('signal-1', 'PYTH', { score: 0.9, signalReason: 'volume' })).duplicate).to.equal(true);
    await filled(stack, 'signal-1');
    const set = (state: TradingState) =>
      call(stack.queue, 'setTradingState', { state, changedBy: 'test', changeReason: 'test' });
    await set(TradingState.EXITS_ONLY);
    const error = await refusal(signal('signal-2', 'PYTH'));
    expect(error.metadata).to.include({ why: 'TRADING_STATE', state: 'EXITS_ONLY' });
    await set(TradingState.ACTIVE);
    expectViolation(await refusal(signal('signal 3', 'PYTH')), 'order_req_id', /letters, digits/);
  });

  it('bad input: every wrong field by name, and unknown positions as such', async () => {
    const error = await refusal(exit('x y', 'nope', { percent: 0, exitReason: 'boredom', maxSlippageBps: 10_001 }));
    for (const field of ['order_req_id', 'position_id', 'percent', 'exit_reason', 'max_slippage_bps']) {
      expectViolation(error, field, /./);
    }
    expect((await refusal(exit('unknown-1', randomUUID()))).status).to.equal('NOT_FOUND');
    expect((await refusal(retry('unknown-2', randomUUID()))).status).to.equal('NOT_FOUND');
    const positionId = await open('never-failed', 'BONK');
    expect((await refusal(retry('unknown-3', positionId))).message).to.contain('no exit of it was given up');
  });

  const signal = (orderReqId: string, symbol: string, more: Parameters<typeof ProcessSignalRequest.create>[0] = {}) => {
    const request = { orderReqId, tokenAddress: mint(symbol), amountSol: '0.11', ...more };
    return call(stack.orders, 'processSignal', ProcessSignalRequest.create(request));
  };

  /** What each FAILED message of the order announced as its next slippage. */
  async function slippages(orderReqId: string): Promise<number[]> {
    const details = (await messagesOf(stack, orderReqId)).flatMap((message) => statusIn(message)?.detail ?? []);
    return details.flatMap((detail) => [...detail.matchAll(/within (\d+) bps/g)].map(([, bps]) => Number(bps)));
  }

  async function walletUnits(symbol: string): Promise<bigint> {
    const { tokens } = await call(stack.market, 'getWallet', {});
    return units(tokens.find(({ tokenAddress }) => tokenAddress === mint(symbol))?.amount ?? '0');
  }
});

/** Any amount as a whole number of its 18th decimals, so that sums are exact whatever the token's decimals are. */
function units(amount: string): bigint {
  const parsed = parseAmount(amount, 18);
  return parsed.ok ? parsed.units : 0n;
}

function lamports(sol: string): bigint {
  const negative = sol.startsWith('-');
  const parsed = parseAmount(negative ? sol.slice(1) : sol, 9);
  const amount = parsed.ok ? parsed.units : 0n;
  return negative ? -amount : amount;
}
