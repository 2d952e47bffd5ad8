/**
 * How much one client that floods (10,000 calls/s) delays the exits of another: both numbers from the same run, and their ratio.
 * `node dist/bench/flood.js`, about 20 s.
 */
import { type ExitDelay, flood, letIn, openVictim } from '../services/e2e/access/flood.js';
import { startLocked } from '../services/e2e/access/locked-stack.js';
import { stopPostgres } from '../shared/store/testing/postgres.js';
import { percentile } from './figures.js';

const EXITS = 20;

const stack = await startLocked();
letIn(stack);
const victim = await openVictim(stack, 'bench');
const some = async () => {
  const delays: ExitDelay[] = [];
  for (let n = 0; n < EXITS; n += 1) delays.push(await victim.exit());
  return delays;
};
const show = (name: string, delays: readonly ExitDelay[]) => {
  const line = (key: keyof ExitDelay) =>
    [50, 99]
      .map((share) =>
        percentile(
          delays.map((delay) => delay[key]),
          share,
        ).toFixed(1),
      )
      .join(' / ');
  console.log(`${name.padEnd(24)} accepted p50/p99 ${line('acceptedMs')} ms   started ${line('startedMs')} ms`);
};
try {
  await some();
  const quiet = await some();
  show('quiet', quiet);
  const { flood: made, result: flooded } = await flood(stack, { perSecond: 10_000, seconds: 8 }, some);
  show('flooded', flooded);
  console.log(
    `the flood: ${made.sent} calls in ${(made.tookMs / 1_000).toFixed(1)} s: ${JSON.stringify(made.outcomes)}`,
  );
} finally {
  victim.close();
  await stack.close();
  await stopPostgres();
}
