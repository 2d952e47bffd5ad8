import pg from 'pg';
import { systemClock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { translate } from './connection-errors.js';
import { HINT_CHANNEL } from './hint-payload.js';
import { LISTEN_ANSWER_MS, LISTEN_HEARTBEAT_MS, LISTEN_RETRY_MS_MAX, LISTEN_RETRY_MS_MIN } from './limits.js';

interface ListenerParts {
  readonly connection: pg.ClientConfig;
  readonly logger: Logger;
  /** A notification came. */
  readonly onPayload: (payload: string) => void;
  /** The connection was lost and is back: nobody knows what was missed. */
  readonly onGap: () => void;
}

/**
 * The connection that listens. Connected -> (end, or no answer to the heartbeat) -> lost -> back-off -> connected, until
 * it is closed.
 */
export class HintListener {
  readonly #parts: ListenerParts;
  readonly #stop = new AbortController();
  #client: pg.Client | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #reconnecting: Promise<void> | undefined;

  private constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  /** Resolves when notifications arrive. */
  static async start(parts: ListenerParts): Promise<HintListener> {
    const listener = new HintListener(parts);
    try {
      await listener.#connect();
    } catch (error) {
      throw translate(error);
    }
    return listener;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#heartbeat);
    await this.#reconnecting;
    await this.#client?.end();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ ...this.#parts.connection, query_timeout: LISTEN_ANSWER_MS });
    client.on('error', (error) => this.#parts.logger.debug({ err: error }, 'connection for hints failed'));
    client.on('notification', ({ payload }) => this.#parts.onPayload(payload ?? ''));
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    try {
      await client.connect();
      await client.query(`LISTEN ${HINT_CHANNEL}`);
    } catch (error) {
      await client.end();
      throw error;
    }
    this.#client = client;
    this.#heartbeat = setInterval(() => this.#beat(client), LISTEN_HEARTBEAT_MS);
    this.#heartbeat.unref();
    void ended.then(() => this.#onEnd());
  }

  #beat(client: pg.Client): void {
    client.query('SELECT 1').catch((error: unknown) => {
      this.#parts.logger.debug({ err: error }, 'connection for hints does not answer');
      return client.end();
    });
  }

  #onEnd(): void {
    clearInterval(this.#heartbeat);
    this.#client = undefined;
    if (this.#stop.signal.aborted) return;
    this.#parts.logger.warn('connection for hints lost; reconnecting');
    this.#reconnecting = this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    let waitMs = LISTEN_RETRY_MS_MIN;
    while (!this.#stop.signal.aborted) {
      try {
        await systemClock.sleep(waitMs * (0.5 + Math.random() / 2), this.#stop.signal);
        await this.#connect();
      } catch (error) {
        this.#parts.logger.debug({ err: error }, 'connection for hints not back yet');
        waitMs = Math.min(waitMs * 2, LISTEN_RETRY_MS_MAX);
        continue;
      }
      this.#parts.logger.info('connection for hints is back');
      this.#parts.onGap();
      return;
    }
  }
}
