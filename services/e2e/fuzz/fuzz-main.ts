/** `make fuzz`: malformed requests against services of its own, until the number is reached. Prints what was answered; 1 if anything was wrong. */
import { parseArgs } from 'node:util';
import { stopPostgres } from '../../../shared/store/testing/postgres.js';
import { runFuzz } from './fuzz-run.js';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '100000' }, seed: { type: 'string' } },
});
const requests = Number(values.requests);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);

console.log(`${requests} malformed requests, seed ${seed} (--seed ${seed} sends the same)`);
const report = await runFuzz(requests, seed, (done) => {
  if (done % 10_000 === 0) console.log(`  ${done} sent`);
});
for (const [answer, count] of Object.entries(report.answers).sort(([, a], [, b]) => b - a)) {
  console.log(`  ${String(count).padStart(7)}  ${answer}`);
}
console.log(`${(report.tookMs / 1_000).toFixed(0)} s, ${report.grownMib.toFixed(0)} MiB of memory gained`);
const problems = [...report.wrong, ...report.defects];
for (const problem of problems) console.log(`wrong: ${problem}`);
console.log(problems.length === 0 ? 'fuzz: every answer was right' : `fuzz: ${problems.length} problems`);
await stopPostgres();
process.exitCode = problems.length === 0 ? 0 : 1;
