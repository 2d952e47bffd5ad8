import type { Clock } from '../../shared/core/clock.js';
import type { Closable } from '../../shared/core/lifecycle.js';
import type { Logger } from '../../shared/core/logger.js';
import { hasUnsealedAudit, sealAudit } from '../../shared/store/audit.js';
import { watchChanges } from '../../shared/store/changes.js';
import type { Database } from '../../shared/store/database.js';

/** Entries per transaction: some tens of milliseconds, in which nobody else seals but everybody else works. */
const BATCH = 500;
/** A burst of calls becomes a few batches instead of one transaction more for each call. */
const INTERVAL_MS = 100;
/** Hints may be lost; an entry waits this long at most while a requestor runs. */
const FALLBACK_MS = 5_000;

/**
 * Links the entries of the audit log into its hash chain, soon after they are committed. Every requestor does; they take turns at
 * the head's row. Before it ends it seals what is left, so that a log at rest is a sealed one.
 */
export function startAuditSealer({ db, clock, logger }: { db: Database; clock: Clock; logger: Logger }): Closable {
  const stop = new AbortController();
  const { signal } = stop;
  const options = { signal, clock, minIntervalMs: INTERVAL_MS, fallbackMs: FALLBACK_MS };
  const changes = watchChanges(db, ['audit'], options);
  const seal = async (): Promise<void> => {
    try {
      if (!(await hasUnsealedAudit(db))) return;
      while ((await sealAudit(db, BATCH)) === BATCH);
    } catch (error) {
      logger.warn({ err: error }, 'could not seal entries of the audit log; trying again');
    }
  };
  const run = async (): Promise<void> => {
    await seal();
    for await (const _ of changes) await seal();
    await seal();
  };
  const running = run();
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}
