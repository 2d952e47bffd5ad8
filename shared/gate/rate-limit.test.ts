import { expect } from 'chai';
import { rateLimitOf } from './rate-limit.js';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const SECONDS = NOW / 1_000;

describe('A6 what an answer says of its host’s limit', () => {
  const read = (headers: Record<string, string>, status = 200) => rateLimitOf(status, new Headers(headers), NOW);

  it('nothing, mostly', () => {
    const nothing = { remaining: undefined, granted: undefined, resetMs: undefined, retryAfterMs: undefined };
    expect(read({ 'content-type': 'application/json' })).to.deep.equal({ limited: false, ...nothing });
    expect(read({}, 503).limited).to.equal(false);
    expect(read({}, 429)).to.deep.equal({ limited: true, ...nothing });
  });

  it('Jupiter: calls left, calls made, and the second in which it counts anew', () => {
    const reset = String(SECONDS + 17);
    const headers = { 'x-ratelimit-remaining': '58', 'x-ratelimit-current': '2', 'x-ratelimit-reset': reset };
    expect(read(headers)).to.include({ limited: false, remaining: 58, granted: 60, resetMs: 17_000 });
  });

  const resets: [string, string, number | undefined][] = [
    ['seconds from now', '5', 5_000],
    ['fractions of them', '0.25', 250],
    ['a second of the epoch', String(SECONDS + 3), 3_000],
    ['a millisecond of the epoch', String(NOW + 1_500), 1_500],
    ['a time that has passed', String(SECONDS - 3), 0],
    ['words', 'soon', undefined],
    ['a negative number', '-5', undefined],
    ['a number that is none', '1e9', undefined],
    ['nothing', '', undefined],
  ];
  for (const [what, text, ms] of resets) {
    it(`takes ${what} for a reset`, () => expect(read({ 'x-ratelimit-reset': text }).resetMs).to.equal(ms));
  }

  it('compares times of day with the host’s own clock', () => {
    const date = new Date(NOW + 3_600_000).toUTCString();
    expect(read({ date, 'x-ratelimit-reset': String(SECONDS + 3_610) }).resetMs).to.equal(10_000);
    const retryAfter = new Date(NOW + 3_620_000).toUTCString();
    expect(read({ date, 'retry-after': retryAfter }, 429).retryAfterMs).to.equal(20_000);
    expect(read({ 'retry-after': '30' }, 429).retryAfterMs).to.equal(30_000);
  });
});
