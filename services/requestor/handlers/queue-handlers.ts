import {
  type QueueServiceServer,
  QueueServiceService,
  TradingState as WireState,
} from '../../../proto/gen/exitlane/v1/queue_service.js';
import { maySee } from '../../../shared/core/call-context.js';
import type { Clock } from '../../../shared/core/clock.js';
import { invalidField, invalidFields } from '../../../shared/core/errors.js';
import type { Logger } from '../../../shared/core/logger.js';
import { singleFlight } from '../../../shared/core/single-flight.js';
import { millisOf } from '../../../shared/grpc/duration.js';
import type { GrpcService } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import { watchChanges } from '../../../shared/store/changes.js';
import type { Database } from '../../../shared/store/database.js';
import { readQueueStats } from '../../../shared/store/queue-stats.js';
import { readSchedulerState, setTradingState, type TradingState } from '../../../shared/store/scheduler-state.js';
import { statsToWire } from './queue-wire.js';

export interface QueueHandlerOptions {
  readonly db: Database;
  /** Orders ended since the database was made, when this requestor started. */
  readonly endedBefore: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const WATCH_MS_MIN = 100;
const WATCH_MS_MAX = 60_000;
/** Ages and rates change without any event. */
const WATCH_FALLBACK_MS = 5_000;

const STATES: readonly TradingState[] = ['ACTIVE', 'EXITS_ONLY', 'HALTED'];

export function queueService({ db, endedBefore, clock, logger }: QueueHandlerOptions): GrpcService {
  const read = singleFlight(() => readQueueStats(db));
  const look = async () => {
    // Read once for all who ask at this moment; what each may see of it is decided afterwards.
    const stats = await read();
    const running = stats.running.filter(({ client }) => maySee(client));
    return { stats: statsToWire({ ...stats, running }, endedBefore) };
  };
  const implementation: QueueServiceServer = {
    getQueueStats: unary(look),
    watchQueueStats: serverStream(async function* (request, ctx) {
      const minIntervalMs = request.minInterval ? millisOf(request.minInterval) : WATCH_MS_MIN;
      if (minIntervalMs < WATCH_MS_MIN || minIntervalMs > WATCH_MS_MAX) {
        throw invalidField('min_interval', `must be from ${WATCH_MS_MIN} ms to ${WATCH_MS_MAX / 1000} s`);
      }
      const { signal } = ctx;
      const changes = watchChanges(db, ['order', 'queue', 'state'], {
        signal,
        clock,
        minIntervalMs,
        fallbackMs: WATCH_FALLBACK_MS,
      });
      yield await look();
      for await (const _ of changes) yield await look();
    }),
    getTradingState: unary(async () => {
      const { tradingState, changedBy, changeReason, changedAt } = await readSchedulerState(db);
      return { state: WireState[tradingState], changedBy, changeReason, changedAt };
    }),
    setTradingState: unary(async (request) => {
      const state = STATES.find((name) => WireState[name] === request.state);
      const violations = [];
      if (!state)
        violations.push({
          field: 'state',
          description: `must be one of ${STATES.map((s) => WireState[s]).join(', ')}`,
        });
      for (const [field, value] of [
        ['changed_by', request.changedBy],
        ['change_reason', request.changeReason],
      ] as const) {
        if (value === '') violations.push({ field, description: 'is required, for the record' });
        if (value.length > 200) violations.push({ field, description: 'has more than 200 characters' });
      }
      if (!state || violations.length > 0) throw invalidFields(violations);
      const { changedBy, changeReason } = request;
      const after = await setTradingState(db, { state, changedBy, changeReason });
      logger.warn({ state, changedBy, changeReason }, 'trading state changed');
      return { state: WireState[after.tradingState], changedAt: after.changedAt };
    }),
  };
  return { definition: QueueServiceService, implementation };
}
