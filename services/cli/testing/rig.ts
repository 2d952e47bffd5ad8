import { AlertServiceService } from '../../../proto/gen/exitlane/v1/alert_service.js';
import { DeliveryServiceService } from '../../../proto/gen/exitlane/v1/delivery_service.js';
import { MarketServiceService } from '../../../proto/gen/exitlane/v1/market_service.js';
import { OrderMessage, StatusUpdate } from '../../../proto/gen/exitlane/v1/message.js';
import { Order, OrderStatus, OrderType } from '../../../proto/gen/exitlane/v1/order.js';
import { OrderServiceService } from '../../../proto/gen/exitlane/v1/order_service.js';
import { Position, PositionStatus } from '../../../proto/gen/exitlane/v1/position.js';
import { PositionServiceService } from '../../../proto/gen/exitlane/v1/position_service.js';
import { QueueServiceService } from '../../../proto/gen/exitlane/v1/queue_service.js';
import { SystemServiceService } from '../../../proto/gen/exitlane/v1/system_service.js';
import { type Clock, systemClock } from '../../../shared/core/clock.js';
import { silentLogger } from '../../../shared/core/logger.js';
import { type GrpcServer, startGrpcServer } from '../../../shared/grpc/server.js';
import type { ExitCode } from '../exit-codes.js';
import type { TextOut } from '../io.js';
import { runCli } from '../program.js';

type Handlers = Readonly<Record<string, unknown>>;

/** The handlers of a test's server, by service; what is left out answers UNIMPLEMENTED. */
export interface Answers {
  readonly orders?: Handlers;
  readonly positions?: Handlers;
  readonly alerts?: Handlers;
  readonly queue?: Handlers;
  readonly delivery?: Handlers;
  readonly market?: Handlers;
  readonly system?: Handlers;
}

/** Everything on one server, requestor and processor alike. */
export function serve(answers: Answers, port = 0): Promise<GrpcServer> {
  const service = (definition: typeof QueueServiceService | object, implementation: Handlers = {}) => ({
    definition: definition as typeof QueueServiceService,
    implementation: implementation as Record<string, never>,
  });
  const services = [
    service(OrderServiceService, answers.orders),
    service(PositionServiceService, answers.positions),
    service(AlertServiceService, answers.alerts),
    service(QueueServiceService, answers.queue),
    service(DeliveryServiceService, answers.delivery),
    service(MarketServiceService, answers.market),
    service(SystemServiceService, answers.system),
  ];
  return startGrpcServer({ port, name: 'test service', logger: silentLogger, services });
}

export interface RunOptions {
  /** Where both services are. */
  readonly at?: Pick<GrpcServer, 'address'> | undefined;
  /** A terminal this wide; default: none. */
  readonly columns?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** Told of everything written, as it is written. */
  readonly onOutput?: (text: string) => void;
}

export interface Ran {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly string[];
}

/** Runs a command line in this process and returns what it printed. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const out = (keep: (text: string) => void): TextOut => ({
    isTTY: options.columns !== undefined,
    columns: options.columns,
    rows: 24,
    write(text) {
      keep(text);
      options.onOutput?.(text);
    },
  });
  const address = options.at?.address ?? '127.0.0.1:1';
  const exitCode = await runCli(
    argv,
    {
      stdout: out((text) => {
        stdout += text;
      }),
      stderr: out((text) => {
        stderr += text;
      }),
      stdin: (async function* () {
        yield options.stdin ?? '';
      })(),
      env: { LANG: 'C.UTF-8', EXITLANE_REQUESTOR: address, EXITLANE_PROCESSOR: address, ...options.env },
      signal: options.signal ?? new AbortController().signal,
    },
    options.clock ?? systemClock,
  );
  return { exitCode, stdout, stderr, lines: stdout.split('\n').slice(0, -1) };
}

/** An order with as little as possible; tests say what matters. */
export function anOrder(own: Partial<Order> = {}): Order {
  return Order.fromPartial({
    orderId: '01990000-0000-7000-8000-000000000001',
    orderReqId: 'bot:1',
    orderType: OrderType.ENTRY,
    tokenSymbol: 'BONK',
    tokenAddress: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
    amountSol: '0.5',
    status: OrderStatus.PENDING,
    priority: 100,
    maxAttempts: 5,
    maxSlippageBps: 100,
    createdAt: new Date('2026-01-02T03:04:05.678Z'),
    ...own,
  });
}

/** An open position of WIF; tests say what matters. */
export function aPosition(own: Partial<Position> = {}): Position {
  return Position.fromPartial({
    positionId: '01a1fe42-d157-7ba9-9dff-4079dbdf5270',
    tokenSymbol: 'WIF',
    tokenAddress: 'EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm',
    status: PositionStatus.OPEN,
    entryPrice: '0.0045',
    entryAmountTokens: '277.919674',
    availableTokens: '277.919674',
    reservedTokens: '0',
    currentPrice: '0.0042',
    currentPriceAge: { seconds: 2n, nanos: 100_000_000 },
    unrealizedPnl: '-0.083',
    openedAt: new Date('2026-01-02T03:04:05.678Z'),
    ...own,
  });
}

/** An exit order of {@link aPosition}. */
export function anExit(own: Partial<Order> = {}): Order {
  return anOrder({
    orderId: '01990000-0000-7000-8000-0000000000e1',
    orderType: OrderType.EXIT,
    tokenSymbol: 'WIF',
    positionId: aPosition().positionId,
    exitReason: 'manual',
    priority: 40,
    amountSol: '',
    amountTokens: '83.375902',
    maxSlippageBps: 150,
    ...own,
  });
}

/** A status message of the order `bot:1`. */
export function aStatus(sequence: number, status: OrderStatus, own: Partial<StatusUpdate> = {}): OrderMessage {
  const isTerminal = status === OrderStatus.FILLED || status === OrderStatus.CANCELLED;
  return OrderMessage.fromPartial({
    orderReqId: 'bot:1',
    sequence: BigInt(sequence),
    createdAt: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, sequence)),
    text: status.replace('ORDER_STATUS_', ''),
    content: { $case: 'status', value: StatusUpdate.fromPartial({ status, isTerminal, ...own }) },
  });
}

/** A frame of StreamOrder with this message. */
export function frame(message: OrderMessage) {
  return { frame: { $case: 'message' as const, value: message } };
}

/** The usual way of an order, message by message. */
export function filledStory(): OrderMessage[] {
  const { PENDING, SUBMITTED, CONFIRMING, FILLED } = OrderStatus;
  const signature = '5KtPn1LGuxhFiwjxErkxTb7XxtLVYUBe6Cn33ej7ATNVk1bEUvJkFqDeCPEKxwVyhPfHkJNTJnCmNsQYwTA9Mz4x';
  return [
    aStatus(1, PENDING, { reason: 'ACCEPTED' }),
    aStatus(2, SUBMITTED, { reason: 'CLAIMED' }),
    aStatus(3, CONFIRMING, { reason: 'ATTEMPT_COMMITTED', txSignature: signature, attempt: 1 }),
    aStatus(4, FILLED, {
      reason: 'FILLED',
      txSignature: signature,
      actualPrice: '0.000000120853',
      expectedPrice: '0.00000012102',
      slippageBps: -14,
    }),
  ];
}
