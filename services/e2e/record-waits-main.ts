import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../shared/core/package-root.js';
import { seededRandom } from '../../shared/core/random.js';
import { priorityOf } from '../../shared/order/priority.js';
import type { RecordedWait } from '../../shared/order/testing/recorded-waits.js';
import type { WaitFacts } from '../../shared/order/wait-estimate.js';
import type { Database } from '../../shared/store/database.js';
import { readQueueStats } from '../../shared/store/queue-stats.js';
import { waitFacts } from '../../shared/store/wait-facts.js';
import { startParts } from './api/stack.js';
import { buy, filled, openPositions, sell } from './api/support.js';

/**
 * Records what the queue knew when each order of a real run on the sandbox was accepted, and how long the order then waited: the
 * recorded runs by which the estimate of waits is calibrated. Arrivals come in bursts, so that the queue is often long and often
 * empty. `node dist/services/e2e/record-waits-main.js [orders] [seed]` writes the file anew.
 */
const orders = Number(process.argv[2] ?? 150);
const seed = Number(process.argv[3] ?? 1);
const EXIT_REASONS = ['stop_loss', 'take_profit_1', 'manual'];
const POSITIONS = 40;

const random = seededRandom(seed);
const stack = await startParts({ processor: { executor: 'venue' } });
try {
  const names = Array.from({ length: POSITIONS }, (_, index) => `position-${index}`);
  const positions = await openPositions(stack, names);
  const waiting: { id: string; before: Omit<RecordedWait, 'waitedMs'> }[] = [];
  for (let n = 0; n < orders; n++) {
    const position = random.next() < 0.25 ? positions.pop() : undefined;
    const exitReason = EXIT_REASONS[n % EXIT_REASONS.length] ?? 'manual';
    const orderType = position === undefined ? 'ENTRY' : 'EXIT';
    const priority = priorityOf({ orderType, exitReason, emergency: false });
    const before = { priority, facts: compact(waitFacts(await readQueueStats(stack.db))) };
    const id = `recorded-${n}`;
    if (position === undefined) await buy(stack, id);
    else await sell(stack, id, position, { exitReason });
    waiting.push({ id, before });
    // Bursts of about eight, then a pause in which most of them run.
    const pauseMs = random.next() < 1 / 8 ? 1_500 * random.next() : 20 * random.next();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  const recorded: RecordedWait[] = [];
  for (const { id, before } of waiting) {
    await filled(stack, id);
    recorded.push({ ...before, waitedMs: await waitOf(stack.db, id) });
  }
  const file = path.join(packageRoot(), 'shared/order/testing/recorded-waits.jsonl');
  await writeFile(file, recorded.map((each) => `${JSON.stringify(each)}\n`).join(''));
  process.stdout.write(`${recorded.length} waits written to ${file}\n`);
} finally {
  await stack.close();
}

/** Without what says nothing, to keep the file small. */
function compact(facts: WaitFacts): WaitFacts {
  const { holds } = facts;
  return {
    ...facts,
    queued: facts.queued.filter(({ count }) => count > 0),
    arrivalsPerMinute: facts.arrivalsPerMinute.filter(({ count }) => count > 0),
    holds: holds && { meanMs: Math.round(holds.meanMs), varianceMs2: Math.round(holds.varianceMs2) },
  };
}

/** From accepted to the first slot, by the order's own messages. */
async function waitOf(db: Database, orderReqId: string): Promise<number> {
  const { rows } = await db.query<{ ms: string }>(
    `SELECT extract(epoch FROM min(m.created_at) - o.created_at) * 1000 AS ms
     FROM orders o JOIN order_messages m USING (order_id)
     WHERE o.order_req_id = $1 AND m.body ->> 'reason' = 'CLAIMED' GROUP BY o.created_at`,
    [orderReqId],
  );
  return Math.round(Number(rows[0]?.ms));
}
