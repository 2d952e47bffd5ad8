import { pino } from 'pino';
import { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { TradingState } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { seededRandom } from '../../../shared/core/random.js';
import { call } from '../../../shared/grpc/client.js';
import { createPostgresDatabase, dropPostgresDatabase, runOnPostgres } from '../../../shared/store/testing/postgres.js';
import { startParts } from '../api/stack.js';
import { buy, reached } from '../api/support.js';
import { type FuzzResult, fuzz } from './fuzz.js';

export interface FuzzReport extends FuzzResult {
  readonly seed: number;
  /** Lines of the log that speak of something nobody expected. */
  readonly defects: readonly string[];
  readonly tookMs: number;
  /** Resident memory that the process gained, MiB. */
  readonly grownMib: number;
}

const BATCH = 2_000;

/** Fuzzes services of its own in batches; after each an honest client's order must fill. */
export async function runFuzz(
  requests: number,
  seed: number,
  onBatch: (done: number) => void = () => undefined,
): Promise<FuzzReport> {
  const defects: string[] = [];
  const logger = pino(
    { level: 'error' },
    { write: (line: string) => void (defects.length < 50 && defects.push(line.trim())) },
  );
  const databaseUrl = await createPostgresDatabase();
  const stack = await startParts({ databaseUrl, processorLogger: logger, requestorLogger: logger });
  const random = seededRandom(seed);
  const from = performance.now();
  const before = process.memoryUsage().rss;
  const answers: Record<string, number> = {};
  const wrong: string[] = [];
  try {
    for (let done = 0; done < requests; done += BATCH) {
      const result = await fuzz(stack, Math.min(BATCH, requests - done), random);
      for (const [answer, count] of Object.entries(result.answers)) answers[answer] = (answers[answer] ?? 0) + count;
      wrong.push(...result.wrong);
      // A well-formed request among the malformed may have changed it.
      await call(stack.queue, 'setTradingState', {
        state: TradingState.ACTIVE,
        changedBy: 'test',
        changeReason: 'honest again',
      });
      await buy(stack, `honest-${done}`);
      await reached(stack, `honest-${done}`, OrderStatus.FILLED);
      onBatch(done + BATCH);
    }
    const [broken] = await runOnPostgres(
      databaseUrl,
      `SELECT count(*) AS n FROM positions WHERE sold_tokens + reserved_tokens > entry_tokens`,
    );
    if (broken?.n !== '0') wrong.push(`${broken?.n} positions are oversold`);
  } finally {
    await stack.close();
    await dropPostgresDatabase(databaseUrl);
  }
  const grownMib = (process.memoryUsage().rss - before) / 2 ** 20;
  return { requests, answers, wrong, seed, defects, tookMs: performance.now() - from, grownMib };
}
