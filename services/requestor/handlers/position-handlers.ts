import { PositionStatus as WireStatus } from '../../../proto/gen/exitlane/v1/position.js';
import {
  type PositionServiceServer,
  PositionServiceService,
  type WatchPositionsRequest,
  type WatchPositionsResponse,
} from '../../../proto/gen/exitlane/v1/position_service.js';
import { maySee } from '../../../shared/core/call-context.js';
import type { Clock } from '../../../shared/core/clock.js';
import { formatAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import { invalidField, invalidFields } from '../../../shared/core/errors.js';
import { isUuid } from '../../../shared/core/ids.js';
import type { Logger } from '../../../shared/core/logger.js';
import { cutPage, readPage } from '../../../shared/grpc/paging.js';
import type { GrpcService } from '../../../shared/grpc/server.js';
import { serverStream } from '../../../shared/grpc/stream.js';
import { unary } from '../../../shared/grpc/unary.js';
import type { PositionStatus } from '../../../shared/position/accounting.js';
import type { Database } from '../../../shared/store/database.js';
import { setExitPlan } from '../../../shared/store/exit-plans.js';
import { readPnl } from '../../../shared/store/pnl.js';
import { findPositionsByKeys, getPosition, listPositions, type Position } from '../../../shared/store/positions.js';
import type { Accepted } from '../../../shared/store/submit.js';
import type { ExitIntake } from '../intake/exit-intake.js';
import { checkExitPlan } from '../intake/exit-plan-checks.js';
import { FieldChecks } from '../intake/field-checks.js';
import { planFromWire } from './exit-plan-wire.js';
import { orderToWire } from './order-wire.js';
import { positionToWire } from './position-wire.js';
import { pages, watchRecords } from './watch-records.js';

export interface PositionHandlerOptions {
  readonly db: Database;
  readonly exits: ExitIntake;
  readonly clock: Clock;
  readonly logger: Logger;
}

const STATUSES: readonly PositionStatus[] = ['OPEN', 'EXIT_PENDING', 'PARTIAL_EXIT', 'CLOSED'];
const LIVE: readonly PositionStatus[] = ['OPEN', 'EXIT_PENDING', 'PARTIAL_EXIT'];

export function positionService(options: PositionHandlerOptions): GrpcService {
  const { db, exits, clock, logger } = options;
  const toWire = (position: Position) => positionToWire(position, clock.now());
  const made = (what: string, { order, duplicate, follows }: Accepted) => {
    const { orderId, orderReqId, positionId, exitReason, priority } = order;
    logger.info({ orderId, orderReqId, positionId, exitReason, priority, duplicate, follows }, what);
    return { order: orderToWire(order), duplicate, follows };
  };
  const implementation: PositionServiceServer = {
    getPosition: unary(async ({ positionId }) => {
      if (!isUuid(positionId)) throw invalidField('position_id', 'is required and must be a UUID');
      return { position: toWire(await getPosition(db, positionId)) };
    }),
    listPositions: unary(async (request) => {
      const page = readPage(request);
      const rows = await listPositions(db, {
        statuses: request.statuses.map(statusOf),
        ...(request.tokenAddress === '' ? {} : { mint: request.tokenAddress }),
        ...(page.beforeId === undefined ? {} : { beforePositionId: page.beforeId }),
        limit: page.size + 1,
      });
      const { items, nextPageToken } = cutPage(rows, page.size, (position) => position.positionId);
      return { positions: items.map(toWire), nextPageToken };
    }),
    exitPosition: unary(async (request, ctx) => made('exit accepted', await exits.exit(request, ctx.signal))),
    retryExit: unary(async (request, ctx) => made('exit is tried again', await exits.retry(request, ctx.signal))),
    setExitPlan: unary(async ({ positionId, exitPlan }) => {
      const checks = new FieldChecks();
      checks.uuid('position_id', positionId, 'the position whose plan it is; ListPositions shows them');
      if (exitPlan) checkExitPlan(exitPlan, checks);
      else checks.refuse('exit_plan', 'is required; an empty plan turns every trigger off');
      if (!exitPlan || checks.violations.length > 0) throw invalidFields(checks.violations);
      const { planVersion } = await setExitPlan(db, positionId, planFromWire(exitPlan));
      logger.info({ positionId, planVersion }, 'exit plan changed');
      return { position: toWire(await getPosition(db, positionId)) };
    }),
    getPnl: unary(async ({ since }) => {
      const pnl = await readPnl(db, since);
      const sol = (lamports: bigint) => formatAmount(lamports, SOL_DECIMALS);
      return {
        realizedPnl: sol(pnl.realizedLamports),
        unrealizedPnl: sol(pnl.unrealizedLamports),
        feesSol: sol(pnl.feeLamports),
        openPositions: pnl.openPositions,
        closedPositions: pnl.closedPositions,
        positionsWithoutPrice: pnl.withoutPrice,
      };
    }),
    watchPositions: serverStream((request, ctx) => watchPositions(options, request, ctx.signal)),
  };
  return { definition: PositionServiceService, implementation };
}

async function* watchPositions(
  { db, clock }: PositionHandlerOptions,
  { includeCurrent }: WatchPositionsRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchPositionsResponse> {
  const current = () =>
    pages(
      ({ before, limit }) =>
        listPositions(db, { statuses: LIVE, ...(before === undefined ? {} : { beforePositionId: before }), limit }),
      (position) => position.positionId,
    );
  // A position's key is its id; a price's is its mint, and says something new of every open position that holds it.
  const changed = async (keys: readonly string[]) => {
    const wanted = { positionIds: keys.filter(isUuid), mints: keys.filter((key) => !isUuid(key)) };
    return (await findPositionsByKeys(db, wanted)).filter(({ client }) => maySee(client));
  };
  const topics = ['position', 'price'] as const;
  const frames = watchRecords({ db, clock, topics, signal, includeCurrent, current, changed });
  for await (const { record, currentComplete } of frames) {
    yield { position: record && positionToWire(record, clock.now()), currentComplete };
  }
}

function statusOf(wire: WireStatus): PositionStatus {
  const status = STATUSES.find((name) => WireStatus[name] === wire);
  if (!status) throw invalidField('statuses', `must be some of ${STATUSES.map((name) => WireStatus[name]).join(', ')}`);
  return status;
}
