import { expect } from 'chai';
import fc from 'fast-check';
import {
  type AcceptedPrice,
  judgePrice,
  type KnownPrices,
  PRICE_LIMITS_DEFAULT,
  type PriceReading,
} from './price-sanity.js';
import { anyPrice } from './testing/plans.js';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const limits = PRICE_LIMITS_DEFAULT;
const at = (ms: number) => new Date(NOW.getTime() + ms);
const reading = (value: string | number, ms = 0, source = 'jupiter-price'): PriceReading => ({
  value,
  observedAt: at(ms),
  source,
});
const price = (value: string, ms = 0, source = 'jupiter-price'): AcceptedPrice => ({
  value,
  observedAt: at(ms),
  source,
});
const judge = (given: PriceReading, known: KnownPrices = {}) => judgePrice(given, known, NOW, limits);

describe('X10 prices that are no prices', () => {
  const table = [
    [reading('0'), 'zero'],
    [reading(0), 'zero'],
    [reading('-0.1'), 'negative'],
    [reading(Number.NaN), 'not_a_number'],
    [reading(''), 'not_a_number'],
    [reading('1,5'), 'not_a_number'],
    [reading('null'), 'not_a_number'],
    [reading(Number.POSITIVE_INFINITY), 'infinite'],
    [reading('-Infinity'), 'infinite'],
    [reading('1e400'), 'infinite'],
    [reading('0x10'), 'not_a_number'],
    [reading('1e9999999999'), 'not_a_number'],
    [reading('1', -limits.maxAgeMs - 1), 'stale'],
    [{ ...reading('1'), observedAt: new Date(Number.NaN) }, 'stale'],
    [reading('1', limits.maxAheadMs + 1), 'from_the_future'],
  ] as const;
  for (const [given, problem] of table) {
    it(`are rejected as ${problem}: ${given.value} of ${given.observedAt.getTime() - NOW.getTime()} ms from now`, () => {
      const known = { last: price('1', -60_001), suspect: price('3', -20) };
      const verdict = judge(given, known);
      expect(verdict).to.include({ verdict: 'reject', problem });
      expect(verdict.known, 'what was known stays').to.equal(known);
    });
  }

  it('are rejected when they are older than the last one', () => {
    expect(judge(reading('1', -51), { last: price('1', -50) })).to.include({ problem: 'out_of_order' });
    expect(judge(reading('1', -50), { last: price('1', -50) })).to.include({ verdict: 'accept' });
  });

  it('name their source and what is wrong', () => {
    expect(judge(reading('1', -12_000, 'quote'))).to.include({
      detail: 'quote said 1: 12000 ms old, at most 10000 ms count',
    });
  });
});

describe('X10 prices that count', () => {
  it('come as text or number, with or without exponent, and leave as plain decimals', () => {
    const accepted = (value: string | number) => {
      const verdict = judge(reading(value));
      return verdict.verdict === 'accept' ? verdict.price.value : verdict.verdict;
    };
    expect(accepted(1.5e-9)).to.equal('0.0000000015');
    expect(accepted(' 2E-3 ')).to.equal('0.002');
    expect(accepted('0.123456789012345678901')).to.equal('0.123456789012345679');
    expect(accepted('1e-30'), 'less than can be stored is not nothing').to.equal('0.000000000000000001');
  });

  it('are as old as the limit says and a little ahead of our clock', () => {
    for (const ms of [-limits.maxAgeMs, limits.maxAheadMs]) expect(judge(reading('1', ms)).verdict).to.equal('accept');
  });

  for (const [value, verdict] of [
    ['1.2', 'accept'],
    ['1.200000000000000001', 'second_look'],
    ['0.8', 'accept'],
    ['0.799999999999999999', 'second_look'],
  ] as const) {
    it(`${value} after 1 is ${verdict}`, () => {
      expect(judge(reading(value), { last: price('1', -500) }).verdict).to.equal(verdict);
    });
  }

  it('may be anywhere when the last one is too old to compare with', () => {
    expect(judge(reading('0.01'), { last: price('1', -limits.jumpWindowMs) }).verdict).to.equal('second_look');
    expect(judge(reading('0.01'), { last: price('1', -limits.jumpWindowMs - 1) }).verdict).to.equal('accept');
  });
});

describe('X10 the second look at a jump', () => {
  const last = price('1', -1_000);
  const suspect = price('0.5', -500);

  const table: [title: string, PriceReading, string, Partial<KnownPrices>][] = [
    ['a reading near the suspect confirms it', reading('0.52'), 'accept 0.52', { suspect: undefined }],
    ['a reading near the last price drops it', reading('0.95'), 'accept 0.95', { suspect: undefined }],
    ['one that fell less far, but far, counts itself', reading('0.7'), 'accept 0.7', { suspect: undefined }],
    ['one that fell further confirms the suspect', reading('0.3'), 'accept 0.5', { suspect: price('0.3') }],
    ['a jump the other way is the new suspect', reading('2'), 'second_look', { last, suspect: price('2') }],
    ['another source may confirm it, at the same time too', reading('0.5', -500, 'quote'), 'accept 0.5', {}],
  ];
  for (const [title, given, expected, known] of table) {
    it(title, () => {
      const verdict = judge(given, { last, suspect });
      expect(verdict.verdict === 'accept' ? `accept ${verdict.price.value}` : verdict.verdict).to.equal(expected);
      expect(verdict.known).to.deep.include(known);
    });
  }

  it('is not the same reading told twice', () => {
    const first = judge(reading('0.5', -500), { last });
    const again = judge(reading('0.5', -500), first.known);
    expect([first.verdict, again.verdict]).to.deep.equal(['second_look', 'second_look']);
    expect(judge(reading('0.5', -400), again.known).verdict).to.equal('accept');
  });

  it('must come in time', () => {
    const old = price('0.5', -limits.confirmWindowMs - 1);
    const earlier = price('1', -limits.confirmWindowMs - 500);
    const verdict = judge(reading('0.5'), { last: earlier, suspect: old });
    expect(verdict.verdict).to.equal('second_look');
    expect(verdict.known.suspect).to.deep.equal(price('0.5'));
  });

  it('does not keep a price from being seen that falls further and further', () => {
    let known: KnownPrices = { last: price('1', 0) };
    const seen: string[] = [];
    for (const [index, value] of ['0.7', '0.5', '0.3', '0.15', '0.05'].entries()) {
      const time = (index + 1) * 1_000;
      const verdict = judgePrice(reading(value, time), known, at(time), limits);
      known = verdict.known;
      if (verdict.verdict === 'accept') seen.push(verdict.price.value);
    }
    expect(seen).to.deep.equal(['0.7', '0.5', '0.3', '0.15']);
  });
});

describe('X10 whatever a source says', () => {
  const nonsense = fc.constantFrom<string | number>('0', '-1', 'NaN', Number.NaN, 'Infinity', '', '0x10', '1e400');
  const anyReading = fc.record({
    value: fc.oneof({ weight: 4, arbitrary: anyPrice }, nonsense),
    gapMs: fc.integer({ min: 1, max: 30_000 }),
    ageMs: fc.integer({ min: -4_000, max: 15_000 }),
  });

  it('only a positive decimal is accepted, never older than the one before, and a lone outlier never', () => {
    fc.assert(
      fc.property(fc.array(anyReading, { maxLength: 30 }), (readings) => {
        let now = NOW.getTime();
        let known: KnownPrices = {};
        const said: PriceReading[] = [];
        for (const { value, gapMs, ageMs } of readings) {
          now += gapMs;
          const given: PriceReading = { value, observedAt: new Date(now - ageMs), source: 'test' };
          const verdict = judgePrice(given, known, new Date(now), limits);
          const { last } = known;
          known = verdict.known;
          if (verdict.verdict !== 'accept') {
            said.push(given);
            expect(known.last).to.equal(last);
            continue;
          }
          const { price: accepted } = verdict;
          expect(accepted.value).to.match(/^\d+(\.\d+)?$/);
          expect(Number(accepted.value)).to.be.greaterThan(0);
          expect(known.last).to.equal(accepted);
          said.push(given);
          if (!last) continue;
          expect(accepted.observedAt.getTime()).to.be.at.least(last.observedAt.getTime());
          const [from, to] = [Number(last.value), Number(accepted.value)];
          const recent = accepted.observedAt.getTime() - last.observedAt.getTime() <= limits.jumpWindowMs;
          if (Math.abs(to / from - 1) <= 0.2 + 1e-9 || !recent) continue;
          // Two readings said that it went at least as far as is believed now, and the second came soon after the first.
          const sofar = Math.min(Math.abs(to / from - 1), Math.abs(Number(given.value) / from - 1));
          const witnesses = said.filter(({ value: other, observedAt }) => {
            const apart = given.observedAt.getTime() - observedAt.getTime();
            const share = Number(other) / from - 1;
            const near = Math.abs(Number(other) / to - 1) <= 0.12;
            const sameWay = Math.sign(share) === Math.sign(to - from);
            return (
              apart >= 0 && apart <= limits.confirmWindowMs && sameWay && (near || Math.abs(share) >= sofar - 1e-9)
            );
          });
          expect(witnesses.length).to.be.at.least(2);
        }
      }),
      { numRuns: 500 },
    );
  });
});
