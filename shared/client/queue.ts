import type {
  GetTradingStateResponse,
  QueueServiceClient,
  QueueStats,
  SetTradingStateRequest,
  SetTradingStateResponse,
} from '../../proto/gen/exitlane/v1/queue_service.js';
import { durationOf } from '../grpc/duration.js';
import type { Caller, CallSettings } from './caller.js';
import type { Reconnecting } from './reconnect.js';
import { present } from './request.js';

/** QueueService. */
export class Queue {
  readonly #caller: Caller;
  readonly #client: QueueServiceClient;

  constructor(caller: Caller, client: QueueServiceClient) {
    this.#caller = caller;
    this.#client = client;
  }

  /** The queue at this moment, all numbers from one look. */
  async stats(settings?: CallSettings): Promise<QueueStats> {
    const wish = { client: this.#client, method: 'getQueueStats', request: {}, repeat: 'harmless' } as const;
    return present((await this.#caller.unary(wish, settings)).stats, 'getQueueStats');
  }

  /** The queue now and after every change, at most once per `minIntervalMs` (100 to 60,000), across broken connections. */
  watch(minIntervalMs = 100, settings: Reconnecting = {}): AsyncIterable<QueueStats> {
    const caller = this.#caller;
    const client = this.#client;
    const request = { minInterval: durationOf(minIntervalMs) };
    return caller.iterate(settings.signal, async function* (signal) {
      const open = (inner: AbortSignal) => caller.stream(client, 'watchQueueStats', request, inner);
      for await (const { stats } of caller.reconnecting(open, { ...settings, signal })) if (stats) yield stats;
    });
  }

  /** Which orders may start. */
  tradingState(settings?: CallSettings): Promise<GetTradingStateResponse> {
    const wish = { client: this.#client, method: 'getTradingState', request: {}, repeat: 'harmless' } as const;
    return this.#caller.unary(wish, settings);
  }

  /** Changes which orders may start. Never repeated after it may have been carried out: somebody may have changed it since. */
  setTradingState(request: SetTradingStateRequest, settings?: CallSettings): Promise<SetTradingStateResponse> {
    const wish = { client: this.#client, method: 'setTradingState', request, repeat: 'acts-again' } as const;
    return this.#caller.unary(wish, settings);
  }
}
