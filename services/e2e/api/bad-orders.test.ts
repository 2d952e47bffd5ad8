import { expect } from 'chai';
import { type Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { SubmitOrderRequest } from '../../../proto/gen/exitlane/v1/order_service.js';
import { call } from '../../../shared/grpc/client.js';
import { START_MS, type Stack, startStack } from './stack.js';
import { buy, entryRequest, exitRequest, expectViolation, filled, mint, refusal, submit } from './support.js';

type Wanted = Parameters<typeof SubmitOrderRequest.create>[0];
type Case = readonly [what: string, request: Wanted, field: string, text: RegExp];

const PLAIN = /plain decimal number such as "1\.5"/;
const ID_RULE = /letters, digits and \. _ : -/;
const UNKNOWN_ID = '0190a6c2-7b1e-7c3a-9f00-1234567890ab';

const ENTRIES: readonly Case[] = [
  ['no amount', { amountSol: '' }, 'amount_sol', /is required: a decimal string such as "0\.5"/],
  ['amount 0', { amountSol: '0' }, 'amount_sol', /must be greater than 0/],
  ['amount 0.000', { amountSol: '0.000' }, 'amount_sol', /must be greater than 0/],
  ['a negative amount', { amountSol: '-1' }, 'amount_sol', PLAIN],
  ['amount 1e400', { amountSol: '1e400' }, 'amount_sol', PLAIN],
  ['amount 1,5', { amountSol: '1,5' }, 'amount_sol', PLAIN],
  ['amount NaN', { amountSol: 'NaN' }, 'amount_sol', PLAIN],
  ['10 decimals of SOL', { amountSol: '0.0000000001' }, 'amount_sol', /more than 9 decimals/],
  ['more SOL than a number of 64 bits', { amountSol: '99999999999999' }, 'amount_sol', /larger than any/],
  ['no mint', { tokenAddress: '' }, 'token_address', /is required: the mint address/],
  ['a malformed mint', { tokenAddress: 'not-a-mint' }, 'token_address', /32 bytes in base58/],
  ['a mint nobody made', { tokenAddress: 'SysvarC1ock11111111111111111111111111111111' }, 'token_address', /check the/],
  ['no id', { orderReqId: '' }, 'order_req_id', /is required: choose an id/],
  ['an id with a space', { orderReqId: 'my order' }, 'order_req_id', ID_RULE],
  ['an id with an umlaut', { orderReqId: 'größe' }, 'order_req_id', ID_RULE],
  ['an id with a line feed', { orderReqId: 'order\n' }, 'order_req_id', ID_RULE],
  ['an id of 129 characters', { orderReqId: 'x'.repeat(129) }, 'order_req_id', /129 characters; at most 128/],
  ['an id of 10,000 characters', { orderReqId: 'x'.repeat(10_000) }, 'order_req_id', /10000 characters; at most 128/],
  ['slippage 0', { maxSlippageBps: 0 }, 'max_slippage_bps', /from 1 to 10000 basis points/],
  ['slippage 10,001', { maxSlippageBps: 10_001 }, 'max_slippage_bps', /from 1 to 10000 basis points/],
  ['an order type that is not set', { orderType: OrderType.UNSPECIFIED }, 'order_type', /ORDER_TYPE_ENTRY to buy/],
  ['an expected price in words', { expectedPrice: 'cheap' }, 'expected_price', /plain decimal number above 0/],
  ['expected price 0', { expectedPrice: '0' }, 'expected_price', /above 0/],
  ['max_attempts 0', { maxAttempts: 0 }, 'max_attempts', /from 1 to 20/],
  ['max_attempts 21', { maxAttempts: 21 }, 'max_attempts', /from 1 to 20/],
  ['a position', { positionId: UNKNOWN_ID }, 'position_id', /belongs to an EXIT/],
  ['a percentage', { percent: 50 }, 'percent', /an ENTRY says how much SOL/],
  ['tokens to sell', { amountTokens: '5' }, 'amount_tokens', /an ENTRY says how much SOL/],
];

const EXITS: readonly Case[] = [
  ['no position', { positionId: '' }, 'position_id', /is required: the position to sell from/],
  ['a position id that is none', { positionId: 'mine' }, 'position_id', /is not a UUID such as/],
  ['no reason', { exitReason: '' }, 'exit_reason', /is required for an EXIT: one of stop_loss/],
  ['an unknown reason', { exitReason: 'boredom' }, 'exit_reason', /must be one of stop_loss, .*manual, emergency/],
  ['percent 0', { percent: 0 }, 'percent', /whole number from 1 to 100/],
  ['percent 101', { percent: 101 }, 'percent', /whole number from 1 to 100/],
  ['percent and amount', { percent: 50, amountTokens: '1' }, 'percent', /either percent or amount_tokens, not both/],
  ['neither percent nor amount', { percent: undefined }, 'amount_tokens', /is required for an EXIT, unless percent/],
  ['SOL to spend', { amountSol: '1' }, 'amount_sol', /an EXIT sells amount_tokens or percent/],
  ['an expiry', { expiresAt: new Date() }, 'expires_at', /an exit never expires/],
  ['amount 0', { amountTokens: '0' }, 'amount_tokens', /must be greater than 0/],
  ['amount 1e400', { amountTokens: '1e400' }, 'amount_tokens', PLAIN],
  ['another token', { tokenAddress: mint('JUP') }, 'token_address', /is not the token of position/],
  [
    '6 decimals of a token with 5',
    { amountTokens: '1.000001' },
    'amount_tokens',
    /more than 5 decimals \(BONK has 5\)/,
  ],
];

describe('E0 P1 X2 SubmitOrder refuses what is wrong and says what to do (INVALID_ARGUMENT)', () => {
  let stack: Stack;
  let bonk: Order;
  let whole: Order;

  before(async function () {
    this.timeout(START_MS);
    stack = await startStack();
    await buy(stack, 'opens-bonk', { tokenAddress: mint('BONK') });
    await buy(stack, 'opens-whole', { tokenAddress: mint('WHOLE'), tokenSymbol: 'WHOLE' });
    bonk = await filled(stack, 'opens-bonk');
    whole = await filled(stack, 'opens-whole');
  });

  after(() => stack?.close());

  for (const [what, request, field, text] of ENTRIES) {
    it(`an entry with ${what}`, async () => {
      const error = await refusal(submit(stack, entryRequest('bad', request)));
      expectViolation(error, field, text);
      expect(error.violations).to.have.length(1);
    });
  }

  for (const [what, request, field, text] of EXITS) {
    it(`an exit with ${what}`, async () => {
      const error = await refusal(submit(stack, exitRequest('bad', bonk.positionId, request)));
      expectViolation(error, field, text);
      expect(error.violations).to.have.length(1);
    });
  }

  it('an exit with a fraction of a token that has no decimals', async () => {
    const request = exitRequest('bad', whole.positionId, { amountTokens: '1.5' });
    expectViolation(await refusal(submit(stack, request)), 'amount_tokens', /more than 0 decimals \(WHOLE has 0\)/);
  });

  it('every wrong field at once', async () => {
    const request = entryRequest('two words', { amountSol: '-1', maxSlippageBps: 0, maxAttempts: 99, percent: 5 });
    const error = await refusal(submit(stack, request));
    const fields = error.violations.map(({ field }) => field);
    expect(fields).to.have.members(['order_req_id', 'amount_sol', 'max_slippage_bps', 'max_attempts', 'percent']);
    for (const field of fields) expect(error.message).to.contain(`${field}: `);
  });

  it('an empty request, with every field that is missing', async () => {
    const error = await refusal(submit(stack, SubmitOrderRequest.create({})));
    expect(error.violations.map(({ field }) => field)).to.have.members(['order_req_id', 'order_type']);
  });

  it('and none of it left an order or a promise behind: the next orders are filled', async () => {
    const { orders } = await call(stack.orders, 'listOrders', {
      pageSize: 500,
      pageToken: '',
      statuses: [],
      orderType: OrderType.UNSPECIFIED,
      tokenAddress: '',
      positionId: '',
    });
    expect(orders.map(({ orderReqId }) => orderReqId)).to.have.members(['opens-bonk', 'opens-whole']);
    const { position } = await call(stack.positions, 'getPosition', { positionId: bonk.positionId });
    expect(position?.reservedTokens).to.equal('0');
    const exit = await submit(stack, exitRequest('sells-bonk', bonk.positionId, { percent: 100 }));
    expect(exit.order?.status).to.equal(OrderStatus.PENDING);
    expect((await filled(stack, 'sells-bonk')).amountTokens).to.equal(bonk.amountTokens);
  });
});
