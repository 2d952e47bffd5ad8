import { expect } from 'chai';
import fc from 'fast-check';
import {
  formatAmount,
  lamportsForTokens,
  MAX_BASE_UNITS,
  parseAmount,
  parsePrice,
  priceOf,
  tokensForLamports,
} from './decimals.js';

describe('amounts', () => {
  const good: [string, number, bigint][] = [
    ['1', 9, 1_000_000_000n],
    ['1.5', 9, 1_500_000_000n],
    ['0.000000001', 9, 1n],
    ['1.50000', 1, 15n],
    ['0007', 0, 7n],
    ['18446744073709551615', 0, MAX_BASE_UNITS],
  ];
  for (const [text, decimals, units] of good) {
    it(`reads ${text} with ${decimals} decimals`, () => {
      expect(parseAmount(text, decimals)).to.deep.equal({ ok: true, units });
    });
  }

  const bad: [string, number, string][] = [
    ['0', 9, 'greater than 0'],
    ['0.0', 9, 'greater than 0'],
    ['-1', 9, 'plain decimal'],
    ['+1', 9, 'plain decimal'],
    ['1e400', 9, 'plain decimal'],
    ['1,5', 9, 'plain decimal'],
    ['1_000', 9, 'plain decimal'],
    ['.5', 9, 'plain decimal'],
    ['5.', 9, 'plain decimal'],
    ['', 9, 'plain decimal'],
    [' 1', 9, 'plain decimal'],
    ['NaN', 9, 'plain decimal'],
    ['Infinity', 9, 'plain decimal'],
    ['0x10', 9, 'plain decimal'],
    ['1.23', 1, 'more than 1 decimals'],
    ['1.5', 0, 'more than 0 decimals'],
    ['18446744073709551616', 0, 'larger than any'],
    ['9'.repeat(31), 0, 'plain decimal'],
  ];
  for (const [text, decimals, problem] of bad) {
    it(`refuses '${text.slice(0, 20)}' with ${decimals} decimals`, () => {
      const parsed = parseAmount(text, decimals);
      expect(parsed.ok ? 'accepted' : parsed.problem).to.include(problem);
    });
  }

  it('come back as they went in', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, MAX_BASE_UNITS), fc.integer({ min: 0, max: 18 }), (units, decimals) => {
        expect(parseAmount(formatAmount(units, decimals), decimals)).to.deep.equal({ ok: true, units });
      }),
    );
  });

  it('are shown without trailing zeros, with their sign', () => {
    expect(formatAmount(1_500_000_000n, 9)).to.equal('1.5');
    expect(formatAmount(-5n, 9)).to.equal('-0.000000005');
    expect(formatAmount(0n, 9)).to.equal('0');
    expect(formatAmount(100n, 0)).to.equal('100');
  });
});

describe('prices', () => {
  it('are SOL per whole token, whatever the decimals', () => {
    expect(priceOf(500_000_000n, 2_000_000n, 6)).to.equal('0.25');
    expect(priceOf(500_000_000n, 2n, 0)).to.equal('0.25');
    expect(() => priceOf(1n, 0n, 6)).to.throw(RangeError);
  });

  it('are rounded once, half to even', () => {
    const exact = (lamports: bigint, units: bigint) => {
      const scaled = 10n ** 15n * lamports;
      const floor = scaled / units;
      const rest = 2n * (scaled % units);
      return formatAmount(rest > units || (rest === units && floor % 2n === 1n) ? floor + 1n : floor, 18);
    };
    expect(priceOf(7_477_799_510n, 433_735_862_301n, 6)).to.equal(exact(7_477_799_510n, 433_735_862_301n));
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 13n), fc.bigInt(1n, 10n ** 15n), (lamports, units) => {
        expect(priceOf(lamports, units, 6)).to.equal(exact(lamports, units));
      }),
    );
  });

  it('are refused unless they are positive plain decimals of bounded length', () => {
    for (const text of ['0', '-1', '1e-5', 'NaN', '1,2', `0.${'0'.repeat(18)}1`]) {
      expect(parsePrice(text), text).to.equal(undefined);
    }
    expect(parsePrice('0.000000119768145553')?.toFixed()).to.equal('0.000000119768145553');
  });

  it('never give a unit for free: what lamports buy is worth at most the lamports', () => {
    const price = fc.bigInt(1n, 10n ** 12n).map((n) => parsePrice(formatAmount(n, 12)));
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 15n), price, fc.integer({ min: 0, max: 9 }), (lamports, p, decimals) => {
        if (!p) return;
        const tokens = tokensForLamports(lamports, p, decimals);
        expect(lamportsForTokens(tokens, p, decimals) <= lamports).to.equal(true);
      }),
    );
  });
});
