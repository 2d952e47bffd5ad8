import {
  type DeliveryServiceServer,
  DeliveryServiceService,
  type StreamOrderRequest,
  type StreamOrderResponse,
} from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { maySee } from '../../../shared/core/call-context.js';
import type { Clock } from '../../../shared/core/clock.js';
import { ExitlaneError, invalidField } from '../../../shared/core/errors.js';
import { ORDER_REQ_ID_PATTERN } from '../../../shared/core/ids.js';
import { STREAM_PROGRESS_INTERVAL_MS } from '../../../shared/core/limits.js';
import type { GrpcService } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import type { OrderQueueManager } from '../../../shared/queue/order-queue-manager.js';
import type { Database } from '../../../shared/store/database.js';
import { findWish } from '../../../shared/store/exit-follows.js';
import { type LogHeader, readLiveHeads, readLogEpoch, readLogHeader } from '../../../shared/store/messages.js';
import { proposalBody } from '../../../shared/store/proposals.js';
import type { DurableOrderQueues, QueueMessage } from '../delivery/durable-order-queues.js';
import { messageToWire, proposalToWire } from '../delivery/message-wire.js';
import type { OrderHub } from '../delivery/order-hub.js';
import { readLog } from '../delivery/read-log.js';
import { awaitOrder } from '../delivery/unmade-order.js';
import type { ProposalDesk } from '../proposals/proposal-desk.js';

export interface DeliveryHandlerOptions {
  readonly db: Database;
  readonly hub: OrderHub;
  readonly desk: ProposalDesk;
  /** The order queues, and the durable log behind them. */
  readonly orderQueues: OrderQueueManager<QueueMessage>;
  readonly log: DurableOrderQueues;
  readonly clock: Clock;
}

const STATS_LIMIT_DEFAULT = 100;
const STATS_LIMIT_MAX = 1_000;

export function deliveryService(options: DeliveryHandlerOptions): GrpcService {
  const { db, desk, orderQueues, log } = options;
  let openStreams = 0;
  const implementation: DeliveryServiceServer = {
    streamOrder: serverStream(
      async function* (request, ctx) {
        openStreams += 1;
        try {
          yield* streamOrder(options, request, ctx.signal);
        } finally {
          openStreams -= 1;
        }
      },
      { sequenceOf: sequenceOf, startOf: (request) => request.afterSequence },
    ),
    submitProposal: unary(async (request) => {
      const { proposal, decimals, sequence, duplicate } = await desk.submit(request, (offer) =>
        orderQueues.addToOrderQueue(offer.order.orderReqId, offer),
      );
      return { proposal: proposalToWire(proposalBody(proposal, decimals)), sequence, duplicate };
    }),
    getOrderQueueStats: unary(async (request) => {
      if (request.limit > STATS_LIMIT_MAX) throw invalidField('limit', `must be at most ${STATS_LIMIT_MAX}`);
      if (request.orderReqId !== '') {
        const header = await headerOf(db, request.orderReqId);
        // An order that has ended keeps its log, but has no queue any more.
        if (header.isTerminal) return { orderQueuesCount: 0n, queues: {}, openStreams };
        const queues = { [header.orderReqId]: log.unread(header.orderReqId, header.head) };
        return { orderQueuesCount: 1n, queues, openStreams };
      }
      const { total, heads } = await readLiveHeads(db, request.limit === 0 ? STATS_LIMIT_DEFAULT : request.limit);
      const queues = Object.fromEntries(heads.map((q) => [q.orderReqId, log.unread(q.orderReqId, q.head)]));
      return { orderQueuesCount: total, queues, openStreams };
    }),
  };
  return { definition: DeliveryServiceService, implementation };
}

function sequenceOf({ frame }: StreamOrderResponse): bigint | undefined {
  return frame?.$case === 'message' ? frame.value.sequence : undefined;
}

async function headerOf(db: Database, orderReqId: string): Promise<LogHeader> {
  const header = await logOf(db, orderReqId);
  if (header) return header;
  throw unknownOrder(orderReqId);
}

function logOf(db: Database, orderReqId: string): Promise<LogHeader | undefined> {
  if (!ORDER_REQ_ID_PATTERN.test(orderReqId)) {
    throw invalidField('order_req_id', 'must be 1 to 128 characters of letters, digits and . _ : -');
  }
  return readLogHeader(db, orderReqId);
}

function unknownOrder(orderReqId: string): ExitlaneError {
  return new ExitlaneError('ORDER_NOT_FOUND', `no order with order_req_id ${orderReqId}`, {
    metadata: { order_req_id: orderReqId },
  });
}

function headerFrame({ epoch, earliest, head, orderId }: Omit<LogHeader, 'orderReqId' | 'isTerminal'>) {
  const value = { epoch, earliestSequence: earliest, headSequence: head, orderId };
  return { frame: { $case: 'header' as const, value } };
}

/** The stream of a request whose order may be made yet: an empty log, and signs of life until it is (X11). */
async function* headerWhenMade(
  { db, hub, clock }: Pick<DeliveryHandlerOptions, 'db' | 'hub' | 'clock'>,
  { orderReqId, afterSequence }: StreamOrderRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamOrderResponse, LogHeader> {
  const wish = await findWish(db, orderReqId);
  if (!wish || !maySee(wish.client)) throw unknownOrder(orderReqId);
  if (wish.mayBeMade) {
    const empty = { epoch: await readLogEpoch(db), earliest: 1n, head: 0n, orderId: '' };
    refuseImpossibleCursor(empty, afterSequence);
    yield headerFrame(empty);
  }
  const idleMs = STREAM_PROGRESS_INTERVAL_MS;
  for await (const header of awaitOrder({ db, hub, clock, orderReqId, signal, idleMs }, wish)) {
    if (header) return header;
    yield { frame: { $case: 'progress', value: { lastSequence: 0n, at: new Date(clock.now()) } } };
  }
  throw new Error(`nobody waits for the order of ${orderReqId} any more`);
}

async function* streamOrder(
  { db, hub, clock, log, orderQueues }: DeliveryHandlerOptions,
  request: StreamOrderRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamOrderResponse> {
  const { orderReqId, afterSequence } = request;
  const header = (await logOf(db, orderReqId)) ?? (yield* headerWhenMade({ db, hub, clock }, request, signal));
  refuseImpossibleCursor(header, afterSequence);
  const { head, orderId } = header;
  yield headerFrame(header);
  // Nothing follows the terminal message, and the reader has it.
  if (header.isTerminal && afterSequence === head) return;
  let lastSequence = afterSequence;
  const messages = readLog({ db, hub, clock, orderId, afterSequence, signal, idleMs: STREAM_PROGRESS_INTERVAL_MS });
  for await (const message of messages) {
    if (!message) {
      yield { frame: { $case: 'progress', value: { lastSequence, at: new Date(clock.now()) } } };
      continue;
    }
    yield { frame: { $case: 'message', value: messageToWire(message, orderReqId) } };
    lastSequence = message.sequence;
    log.advance(orderReqId, lastSequence);
  }
  // The order is over and somebody has all of it: its queue is not needed any more, its log stays.
  await orderQueues.removeOrderQueue(orderReqId);
}

/** S2: a cursor before the first kept message would be a gap, one after the last a message that never was. */
function refuseImpossibleCursor(header: Pick<LogHeader, 'earliest' | 'head' | 'epoch'>, afterSequence: bigint): void {
  const { earliest, head, epoch } = header;
  const tooOld = afterSequence + 1n < earliest;
  if (!tooOld && afterSequence <= head) return;
  const what = tooOld ? 'is older than the log' : 'is in the future';
  throw new ExitlaneError(
    'CURSOR_OUT_OF_RANGE',
    `after_sequence ${afterSequence} ${what}: messages ${earliest} to ${head} are available, so pass ${earliest - 1n} to ${head}`,
    { metadata: { earliest_sequence: String(earliest), head_sequence: String(head), epoch } },
  );
}
