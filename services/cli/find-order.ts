import type { Order } from '../../proto/gen/exitlane/v1/order.js';
import type { GetOrderRequest } from '../../proto/gen/exitlane/v1/order_service.js';
import { isUuid } from '../../shared/core/ids.js';
import { CallError } from '../../shared/grpc/call-error.js';

export type OrderId = NonNullable<GetOrderRequest['id']>;

/** Tries `id` as Exitlane's own id if it looks like one, then as the client's: a client may use UUIDs too. */
export async function withEitherId<T extends { readonly order?: Order | undefined }>(
  id: string,
  ask: (id: OrderId) => Promise<T>,
): Promise<T> {
  const byRequest: OrderId = { $case: 'orderReqId', value: id };
  if (!isUuid(id)) return ask(byRequest);
  try {
    return await ask({ $case: 'orderId', value: id });
  } catch (error) {
    if (error instanceof CallError && error.status === 'NOT_FOUND') return ask(byRequest);
    throw error;
  }
}
