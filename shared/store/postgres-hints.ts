import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Logger } from '../core/logger.js';
import { decodeHints } from './hint-payload.js';
import type { HintBus, HintRelay } from './hints.js';
import { HintListener } from './postgres-listen.js';
import { HintSender } from './postgres-notify.js';
import type { Hint } from './session.js';

export interface PostgresHintParts {
  readonly connection: pg.ClientConfig;
  readonly pool: pg.Pool;
  readonly bus: HintBus;
  readonly logger: Logger;
}

/** Hints between processes over LISTEN/NOTIFY. What this process sent is not delivered again: it was told already. */
export class PostgresHints implements HintRelay {
  readonly #sender: HintSender;
  readonly #listener: HintListener;

  private constructor(sender: HintSender, listener: HintListener) {
    this.#sender = sender;
    this.#listener = listener;
  }

  /** Resolves when this process hears hints. */
  static async start({ connection, pool, bus, logger }: PostgresHintParts): Promise<PostgresHints> {
    const self = randomUUID();
    const listener = await HintListener.start({
      connection,
      logger,
      onPayload: (payload) => {
        const message = decodeHints(payload);
        if (!message) {
          logger.warn({ payload }, 'a notification on the hint channel is not ours');
          return;
        }
        if (message.sender === self) return;
        for (const [topic, key] of message.hints) bus.deliver(topic, key);
      },
      onGap: () => bus.deliverCatchAll(),
    });
    return new PostgresHints(new HintSender(self, pool, logger), listener);
  }

  send(hints: readonly Hint[]): void {
    this.#sender.send(hints);
  }

  async close(): Promise<void> {
    await this.#sender.close();
    await this.#listener.close();
  }
}
