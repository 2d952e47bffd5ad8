import type { WatchQueueStatsResponse } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { messageOf } from '../../../shared/core/errors.js';
import { call, openStream } from '../../../shared/grpc/client.js';
import { durationOf } from '../../../shared/grpc/duration.js';
import type { Clients } from '../clients.js';
import { QUEUE_INTERVAL_MS, SAMPLE_MS, SAMPLES_MAX } from '../limits.js';
import type { QueueView, SampleView, TradingView } from '../model/view.js';
import { queueView, sampleOf, tradingView } from '../wire/queue.js';
import { type FeedParts, keepDoing, keepFollowing } from './follow.js';

export interface QueueFeedEvents {
  readonly queue: (queue: QueueView) => void;
  readonly sample: (sample: SampleView) => void;
  readonly trading: (trading: TradingView) => void;
  /** The stream broke or came back. */
  readonly turned: () => void;
}

/** The queue as it changes, its recent past for the charts, and who set the trading state. */
export class QueueFeed {
  readonly #clients: Clients;
  readonly #parts: FeedParts;
  readonly #events: QueueFeedEvents;
  readonly #samples: SampleView[] = [];
  #queue: QueueView | undefined;
  #trading: TradingView | undefined;
  #isLive = false;

  constructor(clients: Clients, parts: FeedParts, events: QueueFeedEvents) {
    this.#clients = clients;
    this.#parts = parts;
    this.#events = events;
  }

  /** As it was told last; nothing if it never was. */
  get queue(): QueueView | undefined {
    return this.#queue;
  }

  get trading(): TradingView | undefined {
    return this.#trading;
  }

  get history(): readonly SampleView[] {
    return this.#samples;
  }

  async run(): Promise<void> {
    const { queue } = this.#clients;
    const minInterval = durationOf(QUEUE_INTERVAL_MS);
    const following = keepFollowing<WatchQueueStatsResponse>(
      {
        name: 'WatchQueueStats',
        open: (signal) => openStream(queue, 'watchQueueStats', { minInterval }, { signal }),
        onOpen: () => {
          this.#isLive = true;
          this.#events.turned();
          void this.readTrading();
        },
        onFrame: ({ stats }) => stats && this.#take(queueView(stats)),
        onBroken: () => {
          this.#isLive = false;
          this.#events.turned();
        },
      },
      this.#parts,
    );
    await Promise.all([
      following,
      keepDoing(
        async () => this.#sample(),
        () => SAMPLE_MS,
        this.#parts,
      ),
    ]);
  }

  /** Who set the state, and why; the queue's numbers tell only which it is. */
  async readTrading(): Promise<void> {
    try {
      this.#trading = tradingView(
        await call(this.#clients.queue, 'getTradingState', {}, { signal: this.#parts.signal }),
      );
      this.#events.trading(this.#trading);
    } catch (error) {
      // Asked again with the next connection or change.
      this.#parts.logger.debug({ err: messageOf(error) }, 'the trading state could not be read');
    }
  }

  #take(queue: QueueView): void {
    this.#queue = queue;
    this.#events.queue(queue);
    if (this.#trading && this.#trading.state !== queue.tradingState) void this.readTrading();
  }

  #sample(): void {
    const sample = sampleOf(this.#parts.clock.now(), this.#isLive ? this.#queue : undefined);
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    this.#events.sample(sample);
  }
}
