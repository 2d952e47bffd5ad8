import type { DeliveryServiceClient, StreamOrderResponse } from '../../proto/gen/exitlane/v1/delivery_service.js';
import type { OrderMessage, StatusUpdate } from '../../proto/gen/exitlane/v1/message.js';
import { EpochChangedError, followWithResume, type Reconnect } from '../grpc/resume.js';
import type { Caller } from './caller.js';
import { patiently } from './reconnect.js';

export interface FollowSettings {
  /** Last message seen: the next one comes first. Default 0n: from the first. */
  readonly afterSequence?: bigint;
  /** Epoch that `afterSequence` belongs to, if it was written down; fails with EpochChangedError when the log was replaced since. */
  readonly epoch?: string;
  readonly signal?: AbortSignal;
  /** Fails with the last error when the stream was broken for this long, milliseconds; default: goes on until told to stop. */
  readonly giveUpAfterMs?: number;
  /** The stream broke and is opened again. */
  readonly onReconnect?: (reconnect: Reconnect) => void;
}

/**
 * One order's messages: each once, in order, without a gap, across broken connections and restarted services. Ends after the terminal
 * message. May be iterated once more, and then begins anew.
 *
 * Fails with a CallError on a status that another try cannot change - NOT_FOUND: no such order; OUT_OF_RANGE: `afterSequence` is not
 * kept any more, or from another log; FAILED_PRECONDITION (ORDER_NOT_MADE): the order that was waited for never will be made - with
 * EpochChangedError or SequenceGapError, or with the signal's reason.
 */
export interface OrderFollow extends AsyncIterable<OrderMessage> {
  readonly orderReqId: string;
  /** Of the log the messages are from; undefined before the first answer. Write it down with `lastSequence`. */
  readonly epoch: string | undefined;
  /** Of the last message handed out, or `afterSequence`. */
  readonly lastSequence: bigint;
}

/** What a message says of the order; undefined for a proposal. */
export function statusOf({ content }: OrderMessage): StatusUpdate | undefined {
  return content?.$case === 'status' ? content.value : undefined;
}

/** Nothing follows this message. */
export function isTerminal(message: OrderMessage): boolean {
  return statusOf(message)?.isTerminal === true;
}

export function followOrder(
  caller: Caller,
  client: DeliveryServiceClient,
  orderReqId: string,
  settings: FollowSettings = {},
): OrderFollow {
  const state = { epoch: settings.epoch, lastSequence: settings.afterSequence ?? 0n };
  const iterable = caller.iterate(settings.signal, async function* (signal) {
    const stop = new GiveUp(caller, settings, signal);
    try {
      for await (const { frame } of framesOf(caller, client, orderReqId, settings, stop)) {
        stop.gotFrame();
        if (frame?.$case === 'header') {
          const { epoch } = frame.value;
          if (settings.epoch !== undefined && settings.epoch !== epoch)
            throw new EpochChangedError(settings.epoch, epoch);
          state.epoch = epoch;
        }
        if (frame?.$case !== 'message') continue;
        state.lastSequence = frame.value.sequence;
        yield frame.value;
        if (isTerminal(frame.value)) return;
      }
    } finally {
      stop.release();
    }
  });
  return {
    orderReqId,
    get epoch() {
      return state.epoch;
    },
    get lastSequence() {
      return state.lastSequence;
    },
    [Symbol.asyncIterator]: () => iterable[Symbol.asyncIterator](),
  };
}

function framesOf(
  caller: Caller,
  client: DeliveryServiceClient,
  orderReqId: string,
  { afterSequence = 0n }: FollowSettings,
  stop: GiveUp,
): AsyncIterable<StreamOrderResponse> {
  const { clock } = caller;
  return followWithResume<StreamOrderResponse>({
    open: (after, signal) =>
      patiently(() => caller.stream(client, 'streamOrder', { orderReqId, afterSequence: after }, signal), {
        clock,
        signal,
      }),
    sequenceOf: ({ frame }) => (frame?.$case === 'message' ? frame.value.sequence : undefined),
    epochOf: ({ frame }) => (frame?.$case === 'header' ? frame.value.epoch : undefined),
    afterSequence,
    signal: stop.signal,
    clock,
    onReconnect: (reconnect) => stop.broke(reconnect),
  });
}

/** Ends a follow that stays broken for too long, with what broke it. */
class GiveUp {
  readonly #controller = new AbortController();
  readonly #caller: Caller;
  readonly #settings: FollowSettings;
  readonly #outer: AbortSignal;
  readonly #onAbort = (): void => this.#controller.abort(this.#outer.reason);
  #brokenSince: number | undefined;

  constructor(caller: Caller, settings: FollowSettings, outer: AbortSignal) {
    this.#caller = caller;
    this.#settings = settings;
    this.#outer = outer;
    if (outer.aborted) this.#onAbort();
    else outer.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  gotFrame(): void {
    this.#brokenSince = undefined;
  }

  broke(reconnect: Reconnect): void {
    const { giveUpAfterMs = Infinity, onReconnect } = this.#settings;
    const now = this.#caller.clock.now();
    this.#brokenSince ??= now;
    if (now - this.#brokenSince >= giveUpAfterMs) this.#controller.abort(reconnect.cause);
    else onReconnect?.(reconnect);
  }

  release(): void {
    this.#outer.removeEventListener('abort', this.#onAbort);
  }
}
