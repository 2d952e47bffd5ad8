import { expect } from 'chai';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import type { FaultInput } from '../../sandbox/fault-specs.js';
import { mintOf } from '../../sandbox/mints.js';
import { type Desk, expectFilledOnce, FILLED_AT_ONCE, openDesk, pathOf, QUEUED, refusedThenFilled } from './desk.js';

/** The longest one call may take here, so that a silent venue shows soon. */
const REQUEST_TIMEOUT_MS = 3_000;

describe('E3 what the user sees when the venue fails before anything is signed', () => {
  let desk: Desk;
  before(async () => {
    const venue = { requestTimeoutMs: REQUEST_TIMEOUT_MS };
    desk = await openDesk({ retryPolicy: { firstDelayMs: 20, maxDelayMs: 50 }, venue });
  });
  after(() => desk.close());
  afterEach(() => desk.venue.disarmAll());

  const noAnswer = /gave no answer within 3000 ms\. Check that the venue is up and reachable\./;
  const cut = /cannot be reached \((UND_ERR_SOCKET|ECONNRESET|SocketError)\)\. Check that the venue is up/;
  const refusals: [string, FaultInput, string, RegExp][] = [
    [
      '429 to a quote',
      { fault: 'rate_limit', on: 'quote' },
      'QUOTE_FAILED',
      /Rate limit exceeded.*API key with a larger/,
    ],
    [
      '429 to a swap',
      { fault: 'rate_limit', on: 'swap' },
      'SWAP_BUILD_FAILED',
      /Rate limit exceeded.*limits our calls/,
    ],
    ['a 503 page to a quote', http('quote', 503), 'QUOTE_FAILED', /answered with HTTP 503: <html>.*up and reachable/],
    [
      'a 500 page to a swap',
      http('swap', 500),
      'SWAP_BUILD_FAILED',
      /answered with HTTP 500: <html>.*up and reachable/,
    ],
    ['a quote that is too slow', { fault: 'slow', on: 'quote', ms: 30_000 }, 'QUOTE_FAILED', noAnswer],
    ['a quote that hangs', { fault: 'hang', on: 'quote' }, 'QUOTE_FAILED', noAnswer],
    ['a swap that hangs', { fault: 'hang', on: 'swap' }, 'SWAP_BUILD_FAILED', noAnswer],
    ['a cut before a quote', { fault: 'reset', on: 'quote', when: 'before' }, 'QUOTE_FAILED', cut],
    ['a cut instead of the swap it built', { fault: 'reset', on: 'swap', when: 'after' }, 'SWAP_BUILD_FAILED', cut],
    ['garbage for a quote', { fault: 'garbage', on: 'quote' }, 'QUOTE_FAILED', /is not JSON: <!doctype.*in between/],
    ['garbage for a swap', { fault: 'garbage', on: 'swap' }, 'SWAP_BUILD_FAILED', /is not JSON: <!doctype/],
    ['no route', { fault: 'no_route' }, 'NO_ROUTE', /Nobody trades this size now; a smaller amount may go\./],
    [
      'a node that is behind',
      { fault: 'node_behind', on: 'simulateTransaction', slots: 42 },
      'SWAP_BUILD_FAILED',
      /error -32005: Node is behind by 42 slots\. The node is behind; another endpoint helps\./,
    ],
    [
      'a node in trouble',
      { fault: 'rpc_error', on: 'getLatestBlockhash', code: -32603, message: 'Internal error' },
      'SWAP_BUILD_FAILED',
      /error -32603: .*Internal error.*another endpoint helps/,
    ],
    [
      'a node that does not get to know the blockhash',
      { fault: 'blockhash_not_found', on: 'simulateTransaction', count: 4 },
      'SIMULATION_FAILED',
      /The node does not know the blockhash; it may be behind\./,
    ],
    [
      'a price that jumps between quote and simulation',
      { fault: 'price_jump', mint: 'WIF', multiply: '1.2', after: 'swap' },
      'SLIPPAGE_EXCEEDED',
      /The price moved beyond the slippage allowed \(Jupiter error 6001\)\./,
    ],
  ];
  for (const [what, fault, reason, text] of refusals) {
    it(`${what}: FAILED with ${reason}, then filled by the retry`, async () => {
      const id = what.replaceAll(' ', '-');
      await desk.venue.arm(fault);
      await desk.buy(id);
      const story = await desk.story(id);
      expect(pathOf(story)).to.deep.equal(refusedThenFilled(reason));
      const failed = story.find(({ status }) => status === OrderStatus.FAILED);
      expect(failed?.detail).to.match(text);
      expect(failed?.detail).to.match(/ Attempt 1 of 5; next in 0\.0 s\.$/);
      expect(failed).to.include({ attemptCount: 1, attempt: 0, txSignature: '', isTerminal: false });
      expect(failed?.nextRetryAt).to.be.instanceOf(Date);
      const order = await expectFilledOnce(desk, id, 1);
      expect(order.attempts.map(({ number }) => number)).to.deep.equal([1]);
      expect(order.lastError).to.match(text);
      expect((await desk.venue.state()).faults).to.deep.equal([]);
    });
  }

  const harmless: [string, FaultInput][] = [
    ['a slow quote', { fault: 'slow', on: 'quote', ms: 400 }],
    ['a slow swap', { fault: 'slow', on: 'swap', ms: 400 }],
    [
      'a node that learns the blockhash a moment later',
      { fault: 'blockhash_not_found', on: 'simulateTransaction', count: 2 },
    ],
    ['a price that moves within the slippage', { fault: 'price_jump', mint: 'WIF', multiply: '1.005', after: 'swap' }],
  ];
  for (const [what, fault] of harmless) {
    it(`${what}: nothing but the fill`, async () => {
      const id = what.replaceAll(' ', '-');
      await desk.venue.arm(fault);
      await desk.buy(id);
      expect(pathOf(await desk.story(id))).to.deep.equal(FILLED_AT_ONCE);
      await expectFilledOnce(desk, id, 0);
      expect((await desk.venue.state()).faults).to.deep.equal([]);
    });
  }

  it('a refusal that stays: CANCELLED with ATTEMPTS_EXHAUSTED, the last reason and nothing signed', async () => {
    await desk.venue.arm({ fault: 'no_route', mint: 'JTO', count: null });
    await desk.buy('refused-for-good', { tokenAddress: mintOf('JTO').address, maxAttempts: 3 });
    const story = await desk.story('refused-for-good');
    const failed = ['SUBMITTED CLAIMED', 'FAILED NO_ROUTE', 'PENDING RETRY_DUE'];
    const last = ['SUBMITTED CLAIMED', 'CANCELLED ATTEMPTS_EXHAUSTED'];
    expect(pathOf(story)).to.deep.equal([QUEUED, ...failed, ...failed, ...last]);
    expect(story.map(({ attemptCount }) => attemptCount)).to.deep.equal([0, 0, 1, 1, 1, 2, 2, 2, 3]);
    expect(story.at(-1)?.isTerminal).to.equal(true);
    expect(story.at(-1)?.detail).to.match(/All 3 attempts are used up \(last reason NO_ROUTE\)\.$/);
    expect((await desk.order('refused-for-good')).attempts).to.deep.equal([]);
  });
});

function http(on: 'quote' | 'swap', status: number): FaultInput {
  return { fault: 'http', on, status };
}
