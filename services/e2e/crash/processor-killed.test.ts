import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import type { FaultInput } from '../../sandbox/fault-specs.js';
import type { Follower } from './follower.js';
import { landedSwaps } from './ledger.js';
import { Stack, showLogsOf } from './stack.js';
import { expectWholeStream } from './stream-truth.js';
import { expectAllFilledOnce } from './truth.js';

/** Blocks that a landed transaction stays unseen. They stand still while the processor is down, so that it still is afterwards. */
const HIDDEN_BLOCKS = 20;

describe('E7 E8 E10 S1 S2 the processor is killed in the middle of an order', function () {
  this.slow(15_000);
  let stack: Stack;
  const submitted: string[] = [];
  before(async () => {
    stack = await Stack.start();
  });
  afterEach(async function () {
    showLogsOf(this, stack);
    await stack.venue.disarmAll();
    await stack.venue.resume();
  });
  after(() => stack?.close());

  async function buy(orderReqId: string): Promise<Follower> {
    await stack.bot.buy(orderReqId, 'BONK', `0.${submitted.length + 1}`);
    submitted.push(orderReqId);
    return stack.bot.follow(orderReqId);
  }

  async function killAndStartAgain(): Promise<void> {
    await stack.processor.kill();
    await stack.processor.start();
  }

  async function expectGoodEnd(follower: Follower): Promise<void> {
    await follower.until(OrderStatus.FILLED);
    await expectWholeStream(stack.bot, follower);
    expect(follower.reconnects, 'breaks the follower saw').not.to.have.length(0);
    await expectAllFilledOnce(stack, submitted);
  }

  /** Waits until no armed fault is left: the call it waited for hangs now. */
  async function untilFaultMet(): Promise<void> {
    await eventually('a call to meet the fault', async () => (await stack.venue.state()).faults.length === 0);
  }

  for (const on of ['quote', 'simulateTransaction'] as const) {
    it(`before an attempt is committed (SUBMITTED, the ${on} call hangs)`, async () => {
      await stack.venue.arm({ fault: 'hang', on });
      const follower = await buy(`before-commit-${on}`);
      await untilFaultMet();
      expect((await stack.bot.order(follower.orderReqId)).status).to.equal(OrderStatus.SUBMITTED);
      await killAndStartAgain();
      await expectGoodEnd(follower);
    });
  }

  it('after the attempt is committed and before it was sent (CONFIRMING, the send hangs)', async () => {
    await stack.venue.arm({ fault: 'hang', on: 'sendTransaction' });
    const follower = await buy('committed-not-sent');
    await follower.until(OrderStatus.CONFIRMING);
    await untilFaultMet();
    expect((await stack.venue.state()).pendingTransactions).to.equal(0);
    await killAndStartAgain();
    await expectGoodEnd(follower);
    expect((await stack.bot.order(follower.orderReqId)).attempts).to.have.length(1);
  });

  it('after the attempt was sent and before it is in a block (CONFIRMING, no blocks), three times', async () => {
    await stack.venue.pause();
    const follower = await buy('sent-not-landed');
    await follower.until(OrderStatus.CONFIRMING);
    await eventually('the transaction to wait', async () => (await stack.venue.state()).pendingTransactions === 1);
    for (let kills = 0; kills < 3; kills++) await killAndStartAgain();
    await stack.venue.resume();
    await expectGoodEnd(follower);
    expect((await stack.bot.order(follower.orderReqId)).attempts).to.have.length(1);
  });

  const unseen: [string, FaultInput][] = [
    ['its status calls hang', { fault: 'hang', on: 'getSignatureStatuses', count: null }],
    ['its status is hidden', { fault: 'hide_status', blocks: HIDDEN_BLOCKS }],
    ['it cannot be read', { fault: 'history_lag', blocks: HIDDEN_BLOCKS }],
  ];
  for (const [what, fault] of unseen) {
    it(`after it landed and before it is settled (${what})`, async () => {
      await stack.venue.arm(fault);
      const landedBefore = landedSwaps(stack.venue.ledger()).length;
      const follower = await buy(`landed-${fault.fault}-${'on' in fault ? fault.on : 'all'}`);
      await eventually('the swap to land', () => landedSwaps(stack.venue.ledger()).length > landedBefore);
      await stack.venue.pause();
      await stack.processor.kill();
      expect((await stack.bot.order(follower.orderReqId)).status).to.equal(OrderStatus.CONFIRMING);
      await stack.venue.disarmAll();
      await stack.processor.start();
      await stack.venue.resume();
      await expectGoodEnd(follower);
      expect((await stack.bot.order(follower.orderReqId)).attempts).to.have.length(1);
    });
  }
});
