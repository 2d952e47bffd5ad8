import { expect } from 'chai';
import { AttemptState, OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import type { FaultInput } from '../../sandbox/fault-specs.js';
import { type Desk, expectFilledOnce, FILLED_AT_ONCE, failedThenFilled, openDesk, pathOf } from './desk.js';

const FAST = { firstDelayMs: 20, maxDelayMs: 50 };

describe('E7 what the user sees when things go wrong after the commit', () => {
  let desk: Desk;
  before(async () => {
    desk = await openDesk({ retryPolicy: FAST });
  });
  after(() => desk.close());
  afterEach(() => desk.venue.disarmAll());

  const onSend = { on: 'sendTransaction' } as const;
  const harmless: [string, FaultInput[]][] = [
    ['a dropped transaction: the same bytes sent again land', [{ fault: 'drop', count: 2 }]],
    ['a transaction that lands late', [{ fault: 'delay', blocks: 15 }]],
    ['a lost answer to the send', [{ fault: 'reset', ...onSend, when: 'after' }]],
    ['a connection cut before the send', [{ fault: 'reset', ...onSend, when: 'before' }]],
    ['blockhash not found at the send', [{ fault: 'blockhash_not_found' }]],
    ['a node that is behind at the send', [{ fault: 'node_behind', ...onSend }]],
    ['429 to the send', [{ fault: 'rate_limit', ...onSend }]],
    ['a 502 page to the send', [{ fault: 'http', ...onSend, status: 502 }]],
    ['garbage as the answer to the send', [{ fault: 'garbage', ...onSend }]],
    ['a slow send', [{ fault: 'slow', ...onSend, ms: 500 }]],
    ['processed on a fork that goes away', [{ fault: 'vanish', blocks: 3 }]],
    [
      'status calls that fail in every way',
      [
        { fault: 'rate_limit', on: 'getSignatureStatuses' },
        { fault: 'garbage', on: 'getSignatureStatuses' },
        { fault: 'reset', on: 'getSignatureStatuses' },
        { fault: 'node_behind', on: 'getSignatureStatuses' },
      ],
    ],
    [
      'reads that fail in every way',
      [
        { fault: 'http', on: 'getTransaction', status: 503 },
        { fault: 'garbage', on: 'getTransaction' },
        { fault: 'reset', on: 'getTransaction', when: 'after' },
      ],
    ],
  ];
  for (const [what, faults] of harmless) {
    it(`${what}: one attempt, no failure, one fill`, async () => {
      const id = what.replace(/[^a-z0-9]+/gi, '-');
      for (const fault of faults) await desk.venue.arm(fault);
      await desk.buy(id);
      const story = await desk.story(id);
      expect(pathOf(story)).to.deep.equal(FILLED_AT_ONCE);
      expect(story.at(-1)).to.include({ attempt: 1, attemptCount: 0, isTerminal: true });
      expect(story.at(-1)?.detail).to.match(/^Bought [\d.]+ WIF for 0\.1 SOL\.$/);
      const order = await expectFilledOnce(desk, id, 0);
      expect([order.attempts.length, order.lastError]).to.deep.equal([1, '']);
      expect((await desk.venue.state()).faults).to.deep.equal([]);
    });
  }

  it('a price that jumps after the send: SLIPPAGE_EXCEEDED with the fee only, then filled by a new attempt', async () => {
    await desk.venue.arm({ fault: 'price_jump', mint: 'WIF', multiply: '1.5', after: 'sendTransaction' });
    await desk.buy('jump-after-send');
    const story = await desk.story('jump-after-send');
    expect(pathOf(story)).to.deep.equal(failedThenFilled('SLIPPAGE_EXCEEDED'));
    const failed = story.find(({ status }) => status === OrderStatus.FAILED);
    expect(failed).to.include({ attempt: 1, attemptCount: 1 });
    expect(failed?.detail).to.match(/^The price moved beyond the slippage allowed \(Jupiter error 6001\)\./);
    expect(failed?.detail).to.match(/The transaction landed and cost its fee only\. Attempt 1 of 5; next in /);
    const order = await expectFilledOnce(desk, 'jump-after-send', 1);
    expect(order.attempts.map(({ state }) => state)).to.deep.equal([AttemptState.LANDED_FAILED, AttemptState.LANDED]);
    expect(desk.landed(order).map(({ err }) => err === null)).to.deep.equal([false, true]);
  });

  it('dropped for ever: TRANSACTION_EXPIRED once it is proven, then filled by a new attempt', async () => {
    await desk.venue.arm({ fault: 'drop', resends: true });
    await desk.buy('dropped');
    await desk.story('dropped', ({ status }) => status === OrderStatus.CONFIRMING);
    // Valid for 150 blocks, final 32 later.
    await desk.control('advance', { blocks: 185 });
    const story = await desk.story('dropped');
    expect(pathOf(story)).to.deep.equal(failedThenFilled('TRANSACTION_EXPIRED'));
    const failed = story.find(({ status }) => status === OrderStatus.FAILED);
    expect(failed).to.include({ attempt: 1, attemptCount: 1 });
    expect(failed?.detail).to.match(
      /^The transaction \w{80,90} expired at block height \d+ without landing\. Attempt 1 of 5/,
    );
    const order = await expectFilledOnce(desk, 'dropped', 1);
    expect(order.attempts.map(({ state }) => state)).to.deep.equal([AttemptState.DEAD, AttemptState.LANDED]);
    expect(order.attempts.map(({ feeSol }) => feeSol)).to.deep.equal(['', order.feeSol]);
    expect(desk.landed(order)).to.have.length(1);
  });
});

describe('E7 E10 what the user sees while nobody knows', () => {
  let desk: Desk;
  before(async () => {
    desk = await openDesk({ retryPolicy: FAST, venue: { confirmTimeoutMs: 1_000, settlingNoteMs: 300 } });
  });
  after(() => desk.close());
  afterEach(async () => {
    await desk.venue.disarmAll();
    await desk.venue.resume();
  });

  const told = (reason: string) => (update: { reason: string }) => update.reason === reason;

  it('landed with its status hidden: CONFIRMING with UNKNOWN, never FAILED, then the fill of the one attempt', async () => {
    await desk.venue.arm({ fault: 'hide_status', blocks: 140 });
    await desk.buy('hidden');
    const story = await desk.story('hidden', told('UNKNOWN'));
    expect(story.at(-1)).to.include({ status: OrderStatus.CONFIRMING, attemptCount: 0, isTerminal: false });
    expect(story.at(-1)?.detail).to.match(/^No verdict on \w+ after 1 s\. It is not failed; watching on\.$/);
    expect(desk.landed(await desk.order('hidden')), 'on chain already').to.have.length(1);
    await desk.control('advance', { blocks: 141 });
    expectFilledAfter('UNKNOWN', pathOf(await desk.story('hidden')));
    expect((await expectFilledOnce(desk, 'hidden', 0)).attempts).to.have.length(1);
  });

  it('landed and not readable: CONFIRMING with SETTLING, then the amounts of the chain', async () => {
    await desk.venue.arm({ fault: 'history_lag', blocks: 140 });
    await desk.buy('lagging');
    const story = await desk.story('lagging', told('SETTLING'));
    expect(story.at(-1)).to.include({
      status: OrderStatus.CONFIRMING,
      attemptCount: 0,
      actualPrice: '',
      amountTokens: '',
    });
    expect(story.at(-1)?.detail).to.match(/ landed, but its balances cannot be read yet; reading on\.$/);
    await desk.control('advance', { blocks: 141 });
    expectFilledAfter('SETTLING', pathOf(await desk.story('lagging')));
    const order = await expectFilledOnce(desk, 'lagging', 0);
    expect(Number(order.actualPrice)).to.be.greaterThan(0);
  });

  it('a chain that stands still: UNKNOWN for as long as it takes, then the fill', async () => {
    await desk.venue.pause();
    await desk.buy('still');
    await desk.story('still', told('UNKNOWN'));
    expect(desk.landed(await desk.order('still'))).to.deep.equal([]);
    await desk.venue.resume();
    expectFilledAfter('UNKNOWN', pathOf(await desk.story('still')));
    await expectFilledOnce(desk, 'still', 0);
  });

  it('processed and gone again and again: the order waits, and is filled by the same attempt', async () => {
    await desk.venue.arm({ fault: 'vanish', blocks: 5, count: null });
    await desk.buy('vanishing');
    await desk.story('vanishing', told('UNKNOWN'));
    expect(desk.landed(await desk.order('vanishing'))).to.deep.equal([]);
    await desk.venue.disarmAll();
    expectFilledAfter('UNKNOWN', pathOf(await desk.story('vanishing')));
    expect((await expectFilledOnce(desk, 'vanishing', 0)).attempts).to.have.length(1);
  });
});

/** Waiting may be told of in more than one way on a slow machine; nothing else may be told. */
function expectFilledAfter(reason: string, path: readonly string[]): void {
  const waits = path.filter((step) => /^CONFIRMING (UNKNOWN|SETTLING)$/.test(step));
  expect(waits).to.include(`CONFIRMING ${reason}`);
  expect(path.filter((step) => !waits.includes(step))).to.deep.equal(FILLED_AT_ONCE);
}
