import { Metadata, status } from '@grpc/grpc-js';
import type { OrderMessage } from '../../proto/gen/exitlane/v1/message.js';
import type { Order } from '../../proto/gen/exitlane/v1/order.js';
import type { Clock } from '../core/clock.js';
import { CallError } from '../grpc/call-error.js';

export interface WaitSettings {
  /** Milliseconds; default: as long as it takes. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

interface Parts extends WaitSettings {
  /** The order as it stands; undefined when there is none, or not yet. */
  readonly look: (orderReqId: string, signal: AbortSignal) => Promise<Order | undefined>;
  /** Its messages to the last. */
  readonly follow: (orderReqId: string, signal: AbortSignal) => AsyncIterable<OrderMessage>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** See `Orders.waitForEnd`. */
export async function waitForEnd(orderReqId: string, parts: Parts): Promise<Order> {
  const { deadlineMs, signal: outer, clock } = parts;
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  const timer =
    deadlineMs === undefined
      ? undefined
      : clock.setTimer(() => controller.abort(tooLate(orderReqId, deadlineMs)), deadlineMs);
  try {
    outer.throwIfAborted();
    return await ended(orderReqId, parts, controller.signal);
  } finally {
    timer?.cancel();
    outer.removeEventListener('abort', onAbort);
  }
}

async function ended(orderReqId: string, { look, follow }: Parts, signal: AbortSignal): Promise<Order> {
  for (let id = orderReqId; ; ) {
    const now = await look(id, signal);
    if (now?.isTerminal) return now;
    try {
      for await (const _ of follow(id, signal));
    } catch (error) {
      const sold = soldInstead(error);
      if (sold === undefined) throw error;
      id = sold;
    }
  }
}

/** The exit that sold what an exit that never had to be made was to sell. */
function soldInstead(error: unknown): string | undefined {
  if (!(error instanceof CallError) || error.reason !== 'ORDER_NOT_MADE') return undefined;
  return error.metadata.follows_order_req_id;
}

function tooLate(orderReqId: string, deadlineMs: number): CallError {
  const details = `${orderReqId} did not end within ${deadlineMs} ms; it goes on by itself`;
  return new CallError('waitForEnd', { code: status.DEADLINE_EXCEEDED, details, metadata: new Metadata() });
}
