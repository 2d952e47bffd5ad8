import { expect } from 'chai';
import fc from 'fast-check';
import { seededRandom } from '../../shared/core/random.js';
import { mintOf, SANDBOX_MINTS } from './mints.js';
import { PriceWalk } from './prices.js';
import { effectiveIn, leastRate, marketRate, otherAmountThreshold, outAmount, poolDepth } from './quote-math.js';

const U64 = 2n ** 64n - 1n;

describe('E2 quote arithmetic of the sandbox', () => {
  it('pays at least the threshold exactly when the rate is at least the guard’s least rate', () => {
    const rate = fc.bigInt({ min: 1n, max: 2n ** 110n });
    const amount = fc.bigInt({ min: 1n, max: U64 });
    fc.assert(
      fc.property(rate, amount, amount, (now, effective, least) => {
        const floor = leastRate(least, effective);
        expect(floor).to.not.equal(undefined);
        expect(outAmount(now, effective) >= least).to.equal(now >= (floor ?? 0n));
      }),
    );
  });

  it('never pays more for a larger trade than in proportion, and never more than the pool is worth', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SANDBOX_MINTS), fc.bigInt({ min: 1n, max: 2n ** 60n }), (mint, amount) => {
        const one = effectiveIn(amount, mint);
        expect(one <= amount).to.equal(true);
        expect(one < poolDepth(mint)).to.equal(true);
        expect(effectiveIn(2n * amount, mint) <= 2n * one + 2n).to.equal(true);
      }),
    );
  });

  it('loses the spread and the impact on a round trip, never gains', () => {
    const sol = { mint: mintOf('SOL'), solPrice: 10n ** 18n };
    const bonk = { mint: mintOf('BONK'), solPrice: 120_000_000_000n };
    const out = outAmount(marketRate(sol, bonk), effectiveIn(10n ** 9n, sol.mint));
    const back = outAmount(marketRate(bonk, sol), effectiveIn(out, bonk.mint));
    expect(back).to.equal(998_900_384n);
  });

  it('rounds the threshold down', () => {
    expect(otherAmountThreshold(999n, 50)).to.equal(994n);
    expect(otherAmountThreshold(3n, 50)).to.equal(2n);
    expect(otherAmountThreshold(1_000n, 0)).to.equal(1_000n);
    expect(otherAmountThreshold(1_000n, 10_000)).to.equal(0n);
  });
});

describe('E2 the price walk of the sandbox', () => {
  const walk = (seed: number, volatility = 0.003) => new PriceWalk(seededRandom(seed), volatility);

  it('is the same for the same seed', () => {
    const [one, same, other] = [walk(1), walk(1), walk(2)];
    for (const each of [one, same, other]) for (let step = 0; step < 100; step++) each.step(400);
    expect(one?.snapshot()).to.deep.equal(same?.snapshot());
    expect(one?.snapshot()).to.not.deep.equal(other?.snapshot());
  });

  it('has about the volatility asked for, and stays within its band', () => {
    const prices = walk(7);
    const bonk = mintOf('BONK');
    const start = prices.solPrice(bonk);
    let last = Number(start);
    let squares = 0;
    for (let step = 0; step < 20_000; step++) {
      prices.step(1_000);
      const now = Number(prices.solPrice(bonk));
      squares += (now / last - 1) ** 2;
      last = now;
      expect(now).to.be.within(Number(start) / 3.1, Number(start) * 3.1);
    }
    expect(Math.sqrt(squares / 20_000)).to.be.within(0.0028, 0.0032);
  });

  it('stands still at volatility 0, and where it is told to', () => {
    const still = walk(1, 0);
    const before = still.snapshot();
    still.step(1_000);
    expect(still.snapshot()).to.deep.equal(before);

    const partly = walk(1);
    partly.setWalking(mintOf('BONK'), false);
    partly.step(1_000);
    expect(partly.snapshot().sol[mintOf('BONK').address]).to.equal(before.sol[mintOf('BONK').address]);
    expect(partly.snapshot().sol[mintOf('WIF').address]).to.not.equal(before.sol[mintOf('WIF').address]);
  });

  it('keeps the dollar tokens at one dollar whatever SOL does', () => {
    const prices = walk(3);
    for (let step = 0; step < 50; step++) prices.step(1_000);
    expect(prices.usdPrice(mintOf('USDC'))).to.equal(10n ** 18n);
    const product = prices.solPrice(mintOf('USDT')) * prices.usdPrice(mintOf('SOL'));
    expect(Number(product) / 1e36).to.be.closeTo(1, 1e-9);
  });
});
