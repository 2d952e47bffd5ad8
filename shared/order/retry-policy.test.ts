import { expect } from 'chai';
import { seededRandom } from '../core/random.js';
import { RETRY_POLICY_DEFAULT, retryDelayMs } from './retry-policy.js';

describe('E3 retry delays', () => {
  it('double from 1 s to 60 s, each drawn from the upper half', () => {
    const random = seededRandom(7);
    const full = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    full.forEach((limit, index) => {
      for (let i = 0; i < 200; i++) {
        const delay = retryDelayMs(index + 1, RETRY_POLICY_DEFAULT, random);
        expect(delay).to.be.within(limit / 2, limit);
      }
    });
  });

  it('differ between orders that failed together', () => {
    const random = seededRandom(7);
    const delays = Array.from({ length: 20 }, () => retryDelayMs(3, RETRY_POLICY_DEFAULT, random));
    expect(new Set(delays).size).to.be.greaterThan(15);
  });
});
