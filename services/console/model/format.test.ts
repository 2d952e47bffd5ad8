import { BigNumber } from 'bignumber.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { changePercent, minus, percentOf, priceAt, times } from './decimal.js';
import { amount, bps, count, duration, percent, price, range, shorten, signed, wholeDuration } from './format.js';

/** A plain decimal string as the API sends them. */
const decimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.integer({ min: 0, max: 18 }))
  .map(([negative, units, decimals]) => new BigNumber(units.toString()).shiftedBy(-decimals).times(negative ? -1 : 1))
  .map((value) => value.toFixed());

describe('X0 numbers on the page', () => {
  const table: readonly (readonly [string, string, string])[] = [
    ['amounts are cut, never rounded up', amount('1.2345678'), '1.234567'],
    ['zeros at the end go', amount('0.500000'), '0.5'],
    ['thousands are set apart', amount('1234567.5', 2), '1\u202f234\u202f567.5'],
    ['what is there is not shown as nothing', amount('0.0000001'), '<0.000001'],
    ['a loss too small to show', amount('-0.0000001'), '>\u22120.000001'],
    ['what is not a number stays', amount('soon'), 'soon'],
    ['profits have a sign', signed('0.5'), '+0.5'],
    ['losses too', signed('-0.5'), '\u22120.5'],
    ['nothing has none', signed('0'), '0'],
    ['prices keep five digits', price('0.00000012103456'), '0.00000012103'],
    ['also large ones', price('1234.56789'), '1\u202f234.5'],
    ['basis points say which way', bps(12), '+12 bps'],
    ['or none', bps(null), ''],
    ['percent', percent(-4.237), '\u22124.24 %'],
    ['large percent', percent(412.7), '+413 %'],
    ['counts', count(12345), '12\u202f345'],
    ['milliseconds', duration(340), '340 ms'],
    ['seconds', duration(2_400), '2.4 s'],
    ['minutes', duration(185_000), '3 min 05 s'],
    ['hours', duration(7_800_000), '2 h 10 min'],
    ['days', duration(273_600_000), '3 d 4 h'],
    ['whole seconds', wholeDuration(1_999), '1 s'],
    ['a range', range(500, 3_000), '500 ms – 3.0 s'],
    ['a bound', range(0, 3_000), '≤ 3.0 s'],
    ['nothing to go by', range(null, null), '–'],
    ['a long id', shorten('5KtPn1LGuxhFiwj'), '5KtP…iwj'.replace('iwj', 'Fiwj')],
  ];
  for (const [what, shown, expected] of table) it(`${what}: ${expected}`, () => expect(shown).to.equal(expected));

  it('never shows more than there is', () => {
    fc.assert(
      fc.property(decimal, fc.integer({ min: 1, max: 9 }), (text, decimals) => {
        const shown = amount(text, decimals).replaceAll('\u202f', '').replace('\u2212', '-');
        if (/^[<>]/.test(shown)) return;
        expect(new BigNumber(shown).abs().lte(new BigNumber(text).abs()), `${text} as ${shown}`).to.equal(true);
      }),
    );
  });
});

describe('X3 what the page works out itself', () => {
  it('products and differences are exact', () => {
    fc.assert(
      fc.property(decimal, decimal, (one, other) => {
        expect(times(one, other)).to.equal(new BigNumber(one).times(other).toFixed());
        expect(minus(one, other)).to.equal(new BigNumber(one).minus(other).toFixed());
      }),
    );
  });

  it('a percentage of tokens is rounded down to what the mint can divide', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 64n }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1, max: 100 }),
        (units, decimals, part) => {
          const held = new BigNumber(units.toString()).shiftedBy(-decimals).toFixed();
          const expected = new BigNumber(((units * BigInt(part)) / 100n).toString()).shiftedBy(-decimals).toFixed();
          expect(percentOf(held, part, decimals)).to.equal(expected);
        },
      ),
    );
    expect(percentOf('1.5', 12.5, 6)).to.equal(undefined);
    expect(percentOf('', 10, 6)).to.equal(undefined);
  });

  it('what is not known gives nothing instead of a guess', () => {
    expect(times('', '2')).to.equal(undefined);
    expect(minus('1', '')).to.equal(undefined);
    expect(changePercent('0', '1')).to.equal(undefined);
    expect(changePercent('1', '')).to.equal(undefined);
    expect(priceAt('', 10)).to.equal(undefined);
    expect(changePercent('2', '3')).to.equal(50);
    expect(Number(priceAt('0.004', -12.5))).to.be.closeTo(0.0035, 1e-12);
  });
});
