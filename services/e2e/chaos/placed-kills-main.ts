import { randomInt } from 'node:crypto';
import { stopPostgres } from '../../../shared/store/testing/postgres.js';
import { quantile, readNumbers } from './args.js';
import { PlacedKills } from './placed-kills.js';
import { LATE_SCENES, nameOf, SCENES } from './scenes.js';

/**
 * Every failpoint, many times: `placed-kills-main.js --times 20 --seed 1`. Each round has a database and a chain of its own and
 * ends with the check of everything. Exit code 1 as soon as anything is not as it must be.
 */
const { times, seed } = readNumbers(process.argv.slice(2), { times: 20, seed: randomInt(2 ** 31) });

const recovered = new Map<string, number[]>();
let kills = 0;
let orders = 0;
let landed = 0;

async function round(number: number): Promise<void> {
  const placed = await PlacedKills.start(seed + number);
  try {
    for (const [index, scene] of [...SCENES, ...LATE_SCENES].entries()) {
      const { recoveredMs } = await placed.play(scene, (index + number) % 2 === 1);
      recovered.set(nameOf(scene), [...(recovered.get(nameOf(scene)) ?? []), recoveredMs]);
      kills += 1;
    }
    const end = await placed.finish();
    orders += end.orders.length;
    landed += end.landed;
  } catch (error) {
    process.stderr.write(`${placed.logs}\n`);
    throw error;
  } finally {
    await placed.close();
  }
}

console.log(`every failpoint ${times} times, seed ${seed}`);
const from = performance.now();
try {
  for (let number = 1; number <= times; number++) {
    await round(number);
    console.log(`round ${number}: ${kills} kills, ${orders} orders, ${landed} swaps, none twice`);
  }
  for (const [name, ms] of recovered) {
    console.log(`${name}: ${ms.length} kills, ended after p50 ${quantile(ms, 0.5)} ms, most ${quantile(ms, 1)} ms`);
  }
  console.log(`ok: ${kills} kills in ${Math.round((performance.now() - from) / 1000)} s`);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await stopPostgres().catch((error: unknown) => console.error(error));
}
