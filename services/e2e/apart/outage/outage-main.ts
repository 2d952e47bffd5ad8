import { randomInt } from 'node:crypto';
import { seededRandom } from '../../../../shared/core/random.js';
import { quantile, readNumbers } from '../../chaos/args.js';
import { type Deed, type Done, EACH_ONCE, runOutage } from './outage.js';

/**
 * Outages under load for some minutes: `outage-main.js --minutes 3 --seed 1`. Each process goes away once in a drawn order, then again
 * from the start. Exit code 0: all promises held; 1: one did not.
 */
const { minutes, seed } = readNumbers(process.argv.slice(2), { minutes: 3, seed: randomInt(2 ** 31) });

/** Rounds until the time is up; the one that is begun is ended. */
function* rounds(): Generator<Deed> {
  const random = seededRandom(seed);
  const endAt = performance.now() + minutes * 60_000;
  do {
    const left = [...EACH_ONCE];
    while (left.length > 0) yield* left.splice(random.int(0, left.length - 1), 1);
  } while (performance.now() < endAt);
}

function summary(done: readonly Done[]): string[] {
  const victims = [...new Set(done.map(({ victim, signal }) => `${victim.replace(/-\d+$/, '')} ${signal}`))].sort();
  return victims.map((name) => {
    const some = done.filter(({ victim, signal }) => `${victim.replace(/-\d+$/, '')} ${signal}` === name);
    const fills = some.map(({ nextFillMs }) => nextFillMs);
    const backs = some.map(({ backMs }) => backMs);
    const spread = (ms: readonly number[]) => `p50 ${quantile(ms, 0.5)} ms, most ${quantile(ms, 1)} ms`;
    return `${name.padEnd(18)} ${some.length} times; next fill: ${spread(fills)}; ready again: ${spread(backs)}`;
  });
}

console.log(`outage: ${minutes} minutes, seed ${seed}`);
try {
  const from = performance.now();
  const { done, load, end, slotsMost, followed } = await runOutage({
    deeds: rounds(),
    seed,
    log: (line) => console.log(line),
  });
  for (const line of summary(done)) console.log(line);
  console.log(`submitted: ${load.entries} entries, ${load.exits} exits, ${load.emergencies} of them emergencies`);
  console.log(
    `orders: ${end.orders.length}, ${end.filled} filled, ${end.cancelled} cancelled; orders in slots at once: ${slotsMost}`,
  );
  console.log(`swaps that landed: ${end.landed}; landed twice: ${end.landedTwice}; verify: clean`);
  console.log(`streams without gap or repeat: ${end.orders.length}, ${followed} of them followed throughout`);
  console.log(`ok: ${done.length} outages in ${Math.round((performance.now() - from) / 1000)} s, seed ${seed}`);
} catch (error) {
  console.error(error);
  console.error(`not ok: seed ${seed}`);
  process.exitCode = 1;
}
