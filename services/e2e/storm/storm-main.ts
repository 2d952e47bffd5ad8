import { seededRandom } from '../../../shared/core/random.js';
import { stopPostgres } from '../../../shared/store/testing/postgres.js';
import { runStorm } from './storm.js';
import { problemsOf } from './storm-orders.js';

/** The exit storm at full size, with its figures. `node dist/services/e2e/storm/storm-main.js [size] [seed]` */
const size = Number(process.argv[2] ?? 1_000);
const random = process.argv[3] === undefined ? seededRandom() : seededRandom(Number(process.argv[3]));
const WITHIN_MS = 600_000;
/** Enough to see what is wrong. */
const PROBLEMS_SHOWN = 20;

console.log(`exit storm: ${size} exits and ${size} entries, seed ${random.seed}`);
try {
  const result = await runStorm({ size, random, withinMs: WITHIN_MS });
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  const rate = (count: number, ms: number) => `${seconds(ms)} s, ${Math.round((count * 1_000) / ms)} orders/s`;
  console.log(`positions opened by entries: ${size} in ${rate(size, result.openedMs)}`);
  console.log(`submitted while HALTED: ${result.acknowledged.length} in ${rate(2 * size, result.submittedMs)}`);
  console.log(`emergency exits filled while HALTED: ${result.filledWhileHalted}`);
  const ran = result.orders.length - result.filledWhileHalted;
  console.log(`ran through 3 slots when ACTIVE again: ${ran} in ${rate(ran, result.ranMs)}`);
  const problems = problemsOf(result);
  for (const problem of problems.slice(0, PROBLEMS_SHOWN)) console.log(`  ${problem}`);
  console.log(problems.length === 0 ? 'order kept, nothing lost, verify clean' : `${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await stopPostgres();
}
