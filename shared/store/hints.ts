import { AsyncResource } from 'node:async_hooks';
import { outsideOfCalls } from '../core/call-context.js';
import type { Logger } from '../core/logger.js';
import { HINT_TOPICS, type HintTopic } from './database.js';
import type { Hint } from './session.js';

type Listener = (key: string) => void;

/** Carries hints to other processes; losing them is allowed. */
export interface HintRelay {
  send(hints: readonly Hint[]): void;
  close(): Promise<void>;
}

/**
 * Who waits for what in this process. A hint says "look again", never what to find: it may come twice, be merged with others
 * or be lost, and listeners look by themselves from time to time.
 */
export class HintBus {
  readonly #listeners = new Map<HintTopic, Set<{ call: Listener }>>();
  readonly #logger: Logger;
  #relay: HintRelay | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** From now on published hints also go to other processes. */
  connect(relay: HintRelay): void {
    this.#relay = relay;
  }

  listen(topic: HintTopic, listener: Listener): () => void {
    // It works for whoever listens, not as a part of the call that made the news.
    const entry = { call: AsyncResource.bind(listener) };
    const entries = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, entries.add(entry));
    return () => entries.delete(entry);
  }

  /** Tells this process at once and the others soon. The same hint given twice in one transaction is one. */
  publish(hints: readonly Hint[]): void {
    if (hints.length === 0) return;
    const distinct = [...new Map(hints.map((hint) => [hint.join(' '), hint])).values()];
    for (const [topic, key] of distinct) this.deliver(topic, key);
    this.#relay?.send(distinct);
  }

  /** Tells the listeners of this process. */
  deliver(topic: HintTopic, key: string): void {
    // A copy: a listener may stop listening, or start.
    for (const { call } of [...(this.#listeners.get(topic) ?? [])]) {
      try {
        outsideOfCalls(() => call(key));
      } catch (error) {
        this.#logger.error({ err: error, topic, key }, 'a hint listener failed');
      }
    }
  }

  /** Hints may have been lost: everyone looks at everything. */
  deliverCatchAll(): void {
    for (const topic of HINT_TOPICS) this.deliver(topic, '');
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#relay?.close();
  }
}
