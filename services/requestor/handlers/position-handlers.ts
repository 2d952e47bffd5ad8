import {
  ExitPlan,
  type Position as WirePosition,
  PositionStatus as WireStatus,
} from '../../../proto/gen/exitlane/v1/position.js';
import { type PositionServiceServer, PositionServiceService } from '../../../proto/gen/exitlane/v1/position_service.js';
import { formatAmount, SOL_DECIMALS } from '../../../shared/core/decimals.js';
import { invalidField } from '../../../shared/core/errors.js';
import { isUuid } from '../../../shared/core/ids.js';
import type { GrpcService } from '../../../shared/grpc/server.js';
import { unary } from '../../../shared/grpc/unary.js';
import { availableTokens, type PositionStatus } from '../../../shared/position/accounting.js';
import type { Database } from '../../../shared/store/database.js';
import { getPosition, listPositions, type Position } from '../../../shared/store/positions.js';
import { cutPage, readPage } from './paging.js';

const STATUSES: readonly PositionStatus[] = ['OPEN', 'EXIT_PENDING', 'PARTIAL_EXIT', 'CLOSED'];

export function positionService({ db }: { db: Database }): GrpcService {
  const implementation: Pick<PositionServiceServer, 'getPosition' | 'listPositions'> = {
    getPosition: unary(async ({ positionId }) => {
      if (!isUuid(positionId)) throw invalidField('position_id', 'is required and must be a UUID');
      return { position: positionToWire(await getPosition(db, positionId)) };
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
      return { positions: items.map(positionToWire), nextPageToken };
    }),
  };
  return { definition: PositionServiceService, implementation };
}

function statusOf(wire: WireStatus): PositionStatus {
  const status = STATUSES.find((name) => WireStatus[name] === wire);
  if (!status) throw invalidField('statuses', `must be some of ${STATUSES.map((name) => WireStatus[name]).join(', ')}`);
  return status;
}

function positionToWire(position: Position): WirePosition {
  const tokens = (units: bigint) => formatAmount(units, position.decimals);
  const sol = (lamports: bigint) => formatAmount(lamports, SOL_DECIMALS);
  return {
    positionId: position.positionId,
    entryOrderId: position.entryOrderId,
    tokenAddress: position.mint,
    tokenSymbol: position.symbol,
    tokenDecimals: position.decimals,
    status: WireStatus[position.status],
    entryPrice: position.entryPrice,
    entryAmountSol: sol(position.entryLamports),
    entryAmountTokens: tokens(position.entryTokens),
    soldTokens: tokens(position.soldTokens),
    reservedTokens: tokens(position.reservedTokens),
    availableTokens: tokens(availableTokens(position)),
    realizedPnl: sol(position.realizedPnlLamports),
    unrealizedPnl: '',
    currentPrice: '',
    currentPriceAge: undefined,
    feesSol: sol(position.feeLamports),
    exitReason: position.exitReason,
    lastExitOrderId: position.lastExitOrderId ?? '',
    lastExitPrice: position.lastExitPrice ?? '',
    lastExitAt: position.lastExitAt ?? undefined,
    openedAt: position.openedAt,
    closedAt: position.closedAt ?? undefined,
    finalPnl: position.closedAt === null ? '' : sol(position.realizedPnlLamports),
    exitBlocker: position.exitBlocker,
    exitPlan: ExitPlan.fromJSON(position.exitPlan),
    isSimulated: position.isSimulated,
  };
}
