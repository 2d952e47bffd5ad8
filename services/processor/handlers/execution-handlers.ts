import {
  type ExecuteOrderRequest,
  type ExecuteOrderResponse,
  type ExecutionServiceServer,
  ExecutionServiceService,
} from '../../../proto/gen/exitlane/v1/execution_service.js';
import type { Clock } from '../../../shared/core/clock.js';
import { invalidField } from '../../../shared/core/errors.js';
import { isUuid } from '../../../shared/core/ids.js';
import type { GrpcService } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { endsRun } from '../../../shared/order/message.js';
import type { Database } from '../../../shared/store/database.js';
import { getOrder } from '../../../shared/store/orders.js';
import { messageToWire } from '../delivery/message-wire.js';
import type { OrderHub } from '../delivery/order-hub.js';
import { readLog } from '../delivery/read-log.js';
import type { RunSupervisor } from '../execution/run-supervisor.js';

export interface ExecutionHandlerOptions {
  readonly db: Database;
  readonly hub: OrderHub;
  readonly supervisor: RunSupervisor;
  readonly clock: Clock;
}

export function executionService(options: ExecutionHandlerOptions): GrpcService {
  const implementation: ExecutionServiceServer = {
    executeOrder: serverStream((request, ctx) => executeOrder(options, request, ctx.signal), {
      sequenceOf: ({ event }) => (event?.$case === 'message' ? event.value.sequence : undefined),
      startOf: (request) => request.afterSequence,
    }),
  };
  return { definition: ExecutionServiceService, implementation };
}

/** Starts or adopts the run, then tells its messages until it has ended. The run does not depend on the stream. */
async function* executeOrder(
  { db, hub, supervisor, clock }: ExecutionHandlerOptions,
  { orderId, fence, afterSequence }: ExecuteOrderRequest,
  signal: AbortSignal,
): AsyncGenerator<ExecuteOrderResponse> {
  if (!isUuid(orderId)) throw invalidField('order_id', 'is required and must be a UUID');
  const { orderReqId } = await getOrder(db, { orderId });
  const run = await supervisor.execute(orderId, fence);
  let lastSequence = afterSequence;
  for await (const message of readLog({ db, hub, clock, orderId, afterSequence, signal, until: run.ended })) {
    if (!message) continue;
    lastSequence = message.sequence;
    if (message.kind === 'status' && endsRun(message.body.reason)) void supervisor.recheck(orderId);
    yield { event: { $case: 'message', value: messageToWire(message, orderReqId) } };
  }
  yield { event: { $case: 'ended', value: { lastSequence } } };
}
