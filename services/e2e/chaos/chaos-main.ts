import { randomInt } from 'node:crypto';
import { stopPostgres } from '../../../shared/store/testing/postgres.js';
import { quantile, readNumbers, takeChoice } from './args.js';
import { type ChaosFigures, type ChaosStore, runChaos } from './chaos.js';

/**
 * Random kills under load: `chaos-main.js --store both --kills 200 --seed 1 --minutes-max 30`, kills and minutes for each store.
 * Exit code 0: all promises held; 1: one did not, or not all kills were done in the time. The same seed draws the same load and
 * the same deeds; what meets what is up to the machine.
 */
const { choice, rest } = takeChoice(process.argv.slice(2), 'store', ['both', 'embedded', 'postgres']);
const options = readNumbers(rest, { kills: 200, seed: randomInt(2 ** 31), 'minutes-max': 30 });
const { kills, seed } = options;
const stores: readonly ChaosStore[] = choice === 'both' ? ['embedded', 'postgres'] : [choice];

function print({ monkey, load, end, settledMs, nextFillMs, slotsMost, followed }: ChaosFigures): void {
  const byProcess = Object.entries(monkey.kills).map(([name, count]) => `${name} ${count}`);
  const spread = (ms: readonly number[]) =>
    `p50 ${quantile(ms, 0.5)} ms, p90 ${quantile(ms, 0.9)} ms, most ${quantile(ms, 1)} ms`;
  console.log(
    `kills: ${monkey.killedAt.length} (${byProcess.join(', ')}), ${monkey.duringStart} of them during a start`,
  );
  console.log(`frozen beyond the lease: ${monkey.freezes}; venue faults armed: ${monkey.faults}`);
  console.log(`submitted: ${load.entries} entries, ${load.exits} exits, ${load.emergencies} of them emergencies`);
  console.log(
    `repeated: ${load.repeats} answered ones, ${load.unanswered} unanswered ones (${load.foundAccepted} were accepted), ${load.refused} refused`,
  );
  console.log(
    `took the place of exits on the wire: ${load.follows} wishes, ${end.followers} orders; alerts resolved: ${load.alertsResolved}`,
  );
  console.log(
    `orders: ${end.orders.length}, ${end.filled} filled, ${end.cancelled} cancelled; attempts: ${countAttempts(end)}`,
  );
  console.log(
    `swaps that landed: ${end.landed}; landed twice: ${end.landedTwice}; orders in slots at once: ${slotsMost}`,
  );
  console.log(`streams without gap or repeat: ${end.orders.length}, ${followed} of them followed throughout`);
  console.log(`serving again after a kill: ${spread(monkey.restartMs)}`);
  console.log(`next fill after a kill: ${spread(nextFillMs)}; at rest after the last one: ${Math.round(settledMs)} ms`);
}

function countAttempts({ orders }: ChaosFigures['end']): number {
  return orders.reduce((sum, { attempts }) => sum + attempts.length, 0);
}

async function unleash(store: ChaosStore): Promise<void> {
  console.log(`chaos: ${store}, ${kills} kills, seed ${seed}`);
  const from = performance.now();
  const minutesMax = options['minutes-max'];
  const figures = await runChaos({ store, seed, kills, minutesMax, log: (line) => console.log(line) });
  print(figures);
  const done = figures.monkey.killedAt.length >= kills;
  const seconds = Math.round((performance.now() - from) / 1000);
  console.log(`${done ? 'ok' : 'time was up'}: ${store}, after ${seconds} s, seed ${seed}`);
  if (!done) process.exitCode = 1;
}

try {
  for (const store of stores) {
    await unleash(store).catch((error: unknown) => {
      console.error(error);
      console.error(`not ok: ${store}, seed ${seed}`);
      process.exitCode = 1;
    });
  }
} finally {
  await stopPostgres().catch((error: unknown) => console.error(error));
}
