import fc from 'fast-check';
import type { ExitPlan } from '../exit-plan.js';

/** Percentages with up to four decimals, without the noise that doubles made by division have. */
const percent = (max: number) =>
  fc.integer({ min: 1, max: max * 10_000 - 1 }).map((n) => Number((n / 10_000).toFixed(4)));

const takeProfits = fc
  .uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 3 })
  .chain((gains) =>
    fc.tuple(
      fc.constant(gains.sort((a, b) => a - b)),
      fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 3, maxLength: 3 }),
    ),
  )
  .map(([gains, sells]) => gains.map((gainPercent, index) => ({ gainPercent, sellPercent: sells[index] ?? 1 })));

const time = fc.integer({ min: 1, max: 86_400_000 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

/** Any valid plan. */
export const anyPlan: fc.Arbitrary<ExitPlan> = fc
  .record({
    stop: maybe(percent(100)),
    trailing: maybe(fc.tuple(percent(100), maybe(percent(300)))),
    takeProfits,
    timeLimitMs: maybe(time),
    stagnation: maybe(fc.tuple(percent(100), time)),
  })
  .map(({ stop, trailing, takeProfits: steps, timeLimitMs, stagnation }) => ({
    takeProfits: steps,
    ...(stop === undefined ? {} : { stopLossPercent: stop }),
    ...(trailing === undefined ? {} : { trailingStopPercent: trailing[0] }),
    ...(trailing?.[1] === undefined ? {} : { trailingActivationPercent: trailing[1] }),
    ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
    ...(stagnation === undefined ? {} : { stagnationPercent: stagnation[0], stagnationWindowMs: stagnation[1] }),
  }));

/** A price around 1, with as many digits as a meme coin's. */
export const anyPrice: fc.Arbitrary<string> = fc
  .integer({ min: 1, max: 5_000_000 })
  .map((n) => (n / 1_000_000).toFixed(6));
