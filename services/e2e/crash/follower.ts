import type { DeliveryServiceClient, StreamOrderResponse } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import type { OrderMessage, StatusUpdate } from '../../../proto/gen/exitlane/v1/message.js';
import type { OrderStatus } from '../../../proto/gen/exitlane/v1/order.js';
import { systemClock } from '../../../shared/core/clock.js';
import { openStream } from '../../../shared/grpc/client.js';
import { followWithResume, type Reconnect } from '../../../shared/grpc/resume.js';
import { eventually } from '../../../shared/store/testing/waiting.js';

/** One connection: where it began, and the numbers that came over it. */
export interface Connection {
  readonly after: bigint;
  readonly sequences: bigint[];
}

const END_WITHIN_MS = 40_000;

/** Follows one order by StreamOrder, resuming after the last message whenever the stream breaks, and writes everything down. */
export class Follower {
  readonly orderReqId: string;
  /** What a client was given, in order. */
  readonly messages: OrderMessage[] = [];
  /** What came over the wire, before anything repeated was taken out. */
  readonly connections: Connection[] = [];
  readonly reconnects: Reconnect[] = [];
  /** Last message of the log when the newest connection was opened. */
  head: bigint | undefined;
  readonly #stop = new AbortController();
  #ended = false;
  #failure: unknown;

  constructor(client: DeliveryServiceClient, orderReqId: string) {
    this.orderReqId = orderReqId;
    this.#follow(client).then(
      () => {
        this.#ended = true;
      },
      (error: unknown) => {
        this.#failure = error;
      },
    );
  }

  get statuses(): StatusUpdate[] {
    return this.messages.flatMap(({ content }) => (content?.$case === 'status' ? [content.value] : []));
  }

  /** The first message with this status. */
  until(status: OrderStatus, reason?: string): Promise<StatusUpdate> {
    return this.#look(`status ${status} ${reason ?? ''}`, () => {
      return this.statuses.find((each) => each.status === status && (reason === undefined || each.reason === reason));
    });
  }

  /** Resolves when the stream has ended by itself. */
  async ended(): Promise<void> {
    await this.#look('the end of the stream', () => this.#ended);
  }

  stop(): void {
    this.#stop.abort();
  }

  #look<T>(what: string, find: () => T | undefined | false): Promise<T> {
    const check = () => {
      if (this.#failure !== undefined) throw this.#failure;
      return find();
    };
    return eventually(`${what} of ${this.orderReqId}`, check, END_WITHIN_MS);
  }

  async #follow(client: DeliveryServiceClient): Promise<void> {
    const { orderReqId } = this;
    const frames = followWithResume<StreamOrderResponse>({
      open: (afterSequence, signal) => {
        const connection = { after: afterSequence, sequences: [] };
        this.connections.push(connection);
        return noted(openStream(client, 'streamOrder', { orderReqId, afterSequence }, { signal }), connection);
      },
      sequenceOf,
      epochOf: ({ frame }) => (frame?.$case === 'header' ? frame.value.epoch : undefined),
      clock: systemClock,
      signal: this.#stop.signal,
      onReconnect: (reconnect) => this.reconnects.push(reconnect),
    });
    for await (const { frame } of frames) {
      if (frame?.$case === 'message') this.messages.push(frame.value);
      if (frame?.$case === 'header') this.head = frame.value.headSequence;
    }
  }
}

function sequenceOf({ frame }: StreamOrderResponse): bigint | undefined {
  return frame?.$case === 'message' ? frame.value.sequence : undefined;
}

async function* noted(frames: AsyncIterable<StreamOrderResponse>, { sequences }: Connection) {
  for await (const each of frames) {
    const sequence = sequenceOf(each);
    if (sequence !== undefined) sequences.push(sequence);
    yield each;
  }
}
