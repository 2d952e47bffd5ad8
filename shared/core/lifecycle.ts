import { messageOf } from './errors.js';
import type { Logger } from './logger.js';

/** Something that was started and must be closed; closing twice is the same as once. */
export interface Closable {
  close(): Promise<void>;
}

/** Collects what was started and closes it in reverse order; one failure does not keep the rest open. */
export class CloseStack implements Closable {
  readonly #entries: { name: string; close: () => Promise<void> | void }[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(name: string, close: () => Promise<void> | void): void {
    this.#entries.push({ name, close });
  }

  async close(): Promise<void> {
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      try {
        await entry.close();
      } catch (error) {
        this.#logger.error({ err: error }, `closing ${entry.name} failed`);
      }
    }
  }
}

/** A second signal, or this long after the first one, ends the process at once. */
const FORCED_EXIT_MS = 15_000;

/**
 * Runs a service as the whole process: starts it, waits for SIGTERM or SIGINT, closes it, and exits with 0; with 1 when the
 * start fails or something nobody expected happens.
 */
export async function runService(logger: Logger, start: () => Promise<Closable>): Promise<void> {
  const die = (error: unknown, what: string) => {
    logger.fatal({ err: error }, what);
    process.exit(1);
  };
  process.on('uncaughtException', (error) => die(error, 'unexpected error'));
  process.on('unhandledRejection', (error) => die(error, 'unexpected rejection'));
  let stop: (signal: string) => void = () => process.exit(1);
  const stopped = new Promise<string>((resolve) => {
    stop = resolve;
  });
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(1);
      stop(signal);
    });
  }
  let service: Closable;
  try {
    service = await start();
  } catch (error) {
    logger.fatal(messageOf(error));
    logger.debug({ err: error }, 'start failed');
    process.exit(1);
  }
  logger.info(`stopping on ${await stopped}`);
  setTimeout(() => die(new Error('time is up'), 'stopping took too long'), FORCED_EXIT_MS).unref();
  await service.close();
  process.exit(0);
}
