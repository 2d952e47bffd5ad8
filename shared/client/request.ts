import type { DeepPartial } from '../../proto/gen/exitlane/v1/order_service.js';
import { isOwnReqId, newId } from '../core/ids.js';
import { CallError } from '../grpc/call-error.js';

/** A message of the API with nothing required: what is left out is unset. */
export type Input<T> = DeepPartial<T>;

/** A request that trades: its id may be left out. */
export type Wanted<T extends { orderReqId: string }> = Input<Omit<T, 'orderReqId'>> & {
  /**
   * Your id of the order, `[A-Za-z0-9._:-]{1,128}`, not beginning with `exit:` or `follow:`; default: a new one. The same id and request again is the same order, also from
   * another process: a bot that writes its ids down before it asks never orders twice.
   */
  readonly orderReqId?: string | undefined;
};

/**
 * An id for a request that trades: a UUID version 7, with something in front of it if wanted, such as the name of the bot.
 * @throws RangeError for what only ids of the service's own orders may begin with
 */
export function newOrderReqId(prefix = ''): string {
  const id = `${prefix}${newId()}`;
  if (isOwnReqId(id)) throw new RangeError(`ids that begin with ${prefix} are of orders that Exitlane makes itself`);
  return id;
}

/** The record in an answer, which the API always fills. */
export function present<T>(record: T | undefined, method: string): T {
  if (record === undefined) throw new Error(`the answer to ${method} is empty: is the service older than this client?`);
  return record;
}

/** What an error about a request that trades says besides the service's words, so that the same request can be made again. */
export function idFacts(orderReqId: string): Readonly<Record<string, string>> {
  return { order_req_id: orderReqId };
}

/** A record, or undefined when the service knows none. */
export async function unlessGone<T>(record: Promise<T>): Promise<T | undefined> {
  try {
    return await record;
  } catch (error) {
    if (error instanceof CallError && error.status === 'NOT_FOUND') return undefined;
    throw error;
  }
}
