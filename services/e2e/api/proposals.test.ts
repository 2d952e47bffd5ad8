import { expect } from 'chai';
import { SubmitProposalRequest } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { ProposalState } from '../../../proto/gen/exitlane/v1/proposal.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { call } from '../../../shared/grpc/client.js';
import type { Database } from '../../../shared/store/database.js';
import { advanceDatabaseTime, setDatabaseTime } from '../../../shared/store/testing/drafts.js';
import { eventually } from '../../../shared/store/testing/waiting.js';
import { START_MS, type Stack, startParts } from './stack.js';
import { buy, expectViolation, filled, messagesOf, refusal } from './support.js';

const PER_SECOND_MAX = 10;
const PER_ORDER_MAX = 100;

type Wanted = Parameters<typeof SubmitProposalRequest.create>[0];

describe('S4 Q5 proposals', () => {
  let stack: Stack & { readonly db: Database };
  before(async function () {
    this.timeout(START_MS);
    stack = await startParts();
    // Time stands still but where a test moves it: the rates are those of the test, however slow the machine is.
    await setDatabaseTime(stack.db, new Date());
  });
  after(() => stack?.close());
  beforeEach(() => hold(TradingState.HALTED));

  function hold(state: TradingState) {
    return call(stack.queue, 'setTradingState', { state, changedBy: 'test', changeReason: 'to keep orders waiting' });
  }

  function offer(orderReqId: string, proposalId: string, more: Wanted = {}) {
    const amounts = { amountSol: '0.5', amountTokens: '111.25' };
    const request = { orderReqId, proposalId, source: 'maker-1', ...amounts, ...more };
    return call(stack.delivery, 'submitProposal', SubmitProposalRequest.create(request));
  }

  async function unread(orderReqId: string): Promise<bigint | undefined> {
    const { queues } = await call(stack.delivery, 'getOrderQueueStats', { orderReqId, limit: 0 });
    return queues[orderReqId];
  }

  it('an offer is a message of the order, with a text of one line', async () => {
    await buy(stack, 'offered');
    const expiresAt = new Date(Date.now() + 3_600_000);
    const placed = await offer('offered', 'PROP456', { note: 'two hops', expiresAt });
    expect(placed).to.include({ sequence: 2n, duplicate: false });
    expect(placed.proposal).to.deep.include({
      proposalId: 'PROP456',
      source: 'maker-1',
      state: ProposalState.NEW,
      amountSol: '0.5',
      amountTokens: '111.25',
      price: '0.00449438202247191',
      note: 'two hops',
      expiresAt,
    });
    const messages = await messagesOf(stack, 'offered', 0n, ({ sequence }) => sequence === 2n);
    expect(messages.map(({ text }) => text)).to.deep.equal(['PENDING', 'PROP456/New']);
    expect(messages[1]?.content).to.deep.equal({ $case: 'proposal', value: placed.proposal });
  });

  it('the same offer again is the same offer', async () => {
    await buy(stack, 'repeated');
    const first = await offer('repeated', 'one');
    const again = await offer('repeated', 'one', { amountSol: '0.50' });
    expect(again).to.deep.equal({ ...first, duplicate: true });
  });

  it('another offer under the same id is ALREADY_EXISTS; under the same id on another order it is new', async () => {
    await buy(stack, 'first-order');
    await buy(stack, 'second-order');
    await offer('first-order', 'one');
    for (const other of [{ amountSol: '0.6' }, { amountTokens: '1' }, { source: 'maker-2' }, { note: 'better' }]) {
      const error = await refusal(offer('first-order', 'one', other));
      expect(error).to.include({ status: 'ALREADY_EXISTS', reason: 'PROPOSAL_ID_TAKEN' });
      expect(error.metadata).to.deep.equal({ proposal_id: 'one' });
    }
    expect((await offer('second-order', 'one')).duplicate).to.equal(false);
  });

  it('what is wrong with an offer is said field by field', async () => {
    await buy(stack, 'picky');
    for (const source of ['jupiter', 'Jupiter', 'simulated', 'mock']) {
      expectViolation(await refusal(offer('picky', 'p', { source })), 'source', /reserved .*use your name/);
    }
    const ids = await refusal(offer('picky', 'p p', { source: '', note: 'x'.repeat(201) }));
    expectViolation(ids, 'proposal_id', /1 to 128 characters/);
    expectViolation(ids, 'source', /1 to 64 characters/);
    expectViolation(ids, 'note', /more than 200 characters/);
    const amounts = await refusal(offer('picky', 'p', { amountSol: '1e3', amountTokens: '0.0000001' }));
    expectViolation(amounts, 'amount_sol', /plain decimal number/);
    expectViolation(amounts, 'amount_tokens', /more than 6 decimals/);
  });

  it(`more than ${PER_SECOND_MAX} a second are RESOURCE_EXHAUSTED, with the time after which more are taken`, async () => {
    await buy(stack, 'hurried');
    for (let number = 1; number <= PER_SECOND_MAX; number++) await offer('hurried', `p-${number}`);
    const error = await refusal(offer('hurried', 'late'));
    expect(error).to.include({ status: 'RESOURCE_EXHAUSTED', reason: 'RATE_LIMITED' });
    expect(error.retryDelayMs).to.be.within(1, 1_000);
    expect((await offer('hurried', 'p-1')).duplicate, 'a repeat is no flood').to.equal(true);
    await advanceDatabaseTime(stack.db, error.retryDelayMs ?? 0);
    expect((await offer('hurried', 'late')).duplicate).to.equal(false);
  });

  it(`more than ${PER_ORDER_MAX} in all are RESOURCE_EXHAUSTED for good`, async () => {
    await buy(stack, 'flooded');
    for (let number = 0; number < PER_ORDER_MAX; number += PER_SECOND_MAX) {
      const names = Array.from({ length: PER_SECOND_MAX }, (_, index) => `p-${number + index}`);
      await Promise.all(names.map((name) => offer('flooded', name)));
      await advanceDatabaseTime(stack.db, 1_000);
    }
    const error = await refusal(offer('flooded', 'late'));
    expect(error).to.include({ status: 'RESOURCE_EXHAUSTED', reason: 'RATE_LIMITED', retryDelayMs: undefined });
    const messages = await messagesOf(stack, 'flooded', 0n, ({ sequence }) => sequence === 101n);
    expect(messages.map(({ sequence }) => Number(sequence))).to.deep.equal(
      Array.from({ length: 101 }, (_, n) => n + 1),
    );
  });

  it('one whose time runs out, and one that is open when the order ends, become EXPIRED, each with a message', async () => {
    await buy(stack, 'expiring');
    const { rows } = await stack.db.query<{ now: Date }>('SELECT exitlane_now() AS now');
    const expiresAt = new Date((rows[0]?.now.getTime() ?? 0) + 5_000);
    await offer('expiring', 'short', { expiresAt });
    await offer('expiring', 'long');
    await advanceDatabaseTime(stack.db, 5_000);
    const early = await messagesOf(stack, 'expiring', 0n, ({ text }) => text === 'short/Expired');
    expect(early.map(({ text }) => text)).to.deep.equal(['PENDING', 'short/New', 'long/New', 'short/Expired']);
    await hold(TradingState.ACTIVE);
    const all = (await messagesOf(stack, 'expiring')).map(({ text }) => text);
    expect(all.at(-1)).to.equal('FILLED');
    expect(all.filter((text) => text.startsWith('long/'))).to.deep.equal(['long/New', 'long/Expired']);
  });

  it('once the order is over an offer is FAILED_PRECONDITION', async () => {
    await buy(stack, 'over');
    await offer('over', 'in-time');
    await hold(TradingState.ACTIVE);
    await filled(stack, 'over');
    const error = await refusal(offer('over', 'too-late'));
    expect(error).to.include({ status: 'FAILED_PRECONDITION', reason: 'ORDER_TERMINAL' });
    expect(error.metadata).to.deep.equal({ order_req_id: 'over', status: 'FILLED' });
    expect((await offer('over', 'in-time')).duplicate).to.equal(true);
  });

  it('Q3 GetOrderQueueStats counts the messages that no reader has been sent', async () => {
    await buy(stack, 'unread');
    expect(await unread('unread')).to.equal(1n);
    await offer('unread', 'one');
    await offer('unread', 'two');
    expect(await unread('unread')).to.equal(3n);
    await messagesOf(stack, 'unread', 0n, ({ sequence }) => sequence === 2n);
    await eventually('the read ones to be counted', async () => ((await unread('unread')) ?? 9n) <= 1n);
    await messagesOf(stack, 'unread', 2n, ({ sequence }) => sequence === 3n);
    await eventually('all to be read', async () => (await unread('unread')) === 0n);
    await offer('unread', 'three');
    expect(await unread('unread')).to.equal(1n);
    const all = await call(stack.delivery, 'getOrderQueueStats', { orderReqId: '', limit: 1_000 });
    expect(all.queues.unread).to.equal(1n);
    expect(all.orderQueuesCount).to.equal(BigInt(Object.keys(all.queues).length));
    const some = await call(stack.delivery, 'getOrderQueueStats', { orderReqId: '', limit: 1 });
    expect(Object.keys(some.queues)).to.have.length(1);
    expect(some.orderQueuesCount).to.equal(all.orderQueuesCount);
  });

  it('Q3 an order that is over and was read to its end has nothing unread', async () => {
    await buy(stack, 'read');
    await hold(TradingState.ACTIVE);
    await filled(stack, 'read');
    const stats = await call(stack.delivery, 'getOrderQueueStats', { orderReqId: 'read', limit: 0 });
    expect(stats.queues.read ?? 0n).to.equal(0n);
  });
});
