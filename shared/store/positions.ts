import { maySee, onlyClient } from '../core/call-context.js';
import { ExitlaneError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Order } from '../order/order.js';
import { type AfterSale, bookRelease, type Holding, type PositionStatus } from '../position/accounting.js';
import type { Queryable, Transaction } from './database.js';
import { trimPrice } from './order-row.js';

/** Tokens bought by one ENTRY and what became of them. Amounts are base units, prices SOL per whole token. */
export interface Position extends Holding {
  readonly positionId: string;
  /** Whose it is: its entry order's client. */
  readonly client: string;
  readonly entryOrderId: string;
  readonly mint: string;
  readonly symbol: string;
  readonly decimals: number;
  readonly isSimulated: boolean;
  readonly status: PositionStatus;
  readonly entryPrice: string;
  readonly proceedsLamports: bigint;
  readonly realizedPnlLamports: bigint;
  readonly feeLamports: bigint;
  /** What a CLOSED position left over. */
  readonly dustTokens: bigint;
  readonly exitReason: string;
  readonly exitBlocker: string;
  readonly lastExitOrderId: string | null;
  readonly lastExitPrice: string | null;
  readonly lastExitAt: Date | null;
  readonly exitPlan: Record<string, unknown>;
  /** Last accepted price, however old; null: there never was one. */
  readonly currentPrice: string | null;
  readonly currentPriceAt: Date | null;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
}

interface PositionRow {
  position_id: string;
  client: string;
  entry_order_id: string;
  mint: string;
  symbol: string;
  decimals: number;
  is_simulated: boolean;
  status: PositionStatus;
  entry_lamports: string;
  entry_tokens: string;
  entry_price: string;
  sold_tokens: string;
  reserved_tokens: string;
  proceeds_lamports: string;
  realized_pnl_lamports: string;
  fee_lamports: string;
  dust_tokens: string;
  exit_reason: string;
  exit_blocker: string;
  last_exit_order_id: string | null;
  last_exit_price: string | null;
  last_exit_at: Date | null;
  exit_plan: Record<string, unknown>;
  current_price: string | null;
  current_price_at: Date | null;
  opened_at: Date;
  closed_at: Date | null;
}

function positionOf(row: PositionRow): Position {
  return {
    positionId: row.position_id,
    client: row.client,
    entryOrderId: row.entry_order_id,
    mint: row.mint,
    symbol: row.symbol,
    decimals: row.decimals,
    isSimulated: row.is_simulated,
    status: row.status,
    entryLamports: BigInt(row.entry_lamports),
    entryTokens: BigInt(row.entry_tokens),
    entryPrice: trimPrice(row.entry_price),
    soldTokens: BigInt(row.sold_tokens),
    reservedTokens: BigInt(row.reserved_tokens),
    proceedsLamports: BigInt(row.proceeds_lamports),
    realizedPnlLamports: BigInt(row.realized_pnl_lamports),
    feeLamports: BigInt(row.fee_lamports),
    dustTokens: BigInt(row.dust_tokens),
    exitReason: row.exit_reason,
    exitBlocker: row.exit_blocker,
    lastExitOrderId: row.last_exit_order_id,
    lastExitPrice: row.last_exit_price === null ? null : trimPrice(row.last_exit_price),
    lastExitAt: row.last_exit_at,
    exitPlan: row.exit_plan,
    currentPrice: row.current_price === null ? null : trimPrice(row.current_price),
    currentPriceAt: row.current_price_at,
    openedAt: row.opened_at,
    closedAt: row.closed_at,
  };
}

export async function findPosition(db: Queryable, positionId: string): Promise<Position | undefined> {
  const { rows } = await db.query<PositionRow>('SELECT * FROM positions WHERE position_id = $1', [positionId]);
  return rows[0] && positionOf(rows[0]);
}

export async function getPosition(db: Queryable, positionId: string): Promise<Position> {
  const position = await findPosition(db, positionId);
  if (!position || !maySee(position.client)) throw positionNotFound(positionId);
  return position;
}

function positionNotFound(positionId: string): ExitlaneError {
  return new ExitlaneError('POSITION_NOT_FOUND', `no position with position_id ${positionId}`, {
    metadata: { position_id: positionId },
  });
}

/** The positions with these ids, and the open ones that hold these tokens, oldest first; what is unknown is left out. */
export async function findPositionsByKeys(
  db: Queryable,
  { positionIds, mints }: { positionIds: readonly string[]; mints: readonly string[] },
): Promise<Position[]> {
  if (positionIds.length === 0 && mints.length === 0) return [];
  const { rows } = await db.query<PositionRow>(
    `SELECT * FROM positions WHERE position_id = ANY($1::uuid[]) OR (mint = ANY($2::text[]) AND status <> 'CLOSED')
     ORDER BY position_id`,
    [positionIds, mints],
  );
  return rows.map(positionOf);
}

/** The position, unchanged by others until the commit. */
export async function lockPosition(tx: Transaction, positionId: string): Promise<Position> {
  const { rows } = await tx.query<PositionRow>('SELECT * FROM positions WHERE position_id = $1 FOR UPDATE', [
    positionId,
  ]);
  if (!rows[0] || !maySee(rows[0].client)) throw positionNotFound(positionId);
  return positionOf(rows[0]);
}

export interface PositionFilter {
  readonly statuses?: readonly PositionStatus[];
  readonly mint?: string;
  readonly beforePositionId?: string;
  readonly limit: number;
}

/** Newest first. A client gets its own only. */
export async function listPositions(db: Queryable, filter: PositionFilter): Promise<Position[]> {
  const { rows } = await db.query<PositionRow>(
    `SELECT * FROM positions
     WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::text IS NULL OR mint = $2)
       AND ($3::uuid IS NULL OR position_id < $3) AND ($4::text IS NULL OR client = $4)
     ORDER BY position_id DESC LIMIT $5`,
    [
      filter.statuses && filter.statuses.length > 0 ? filter.statuses : null,
      filter.mint ?? null,
      filter.beforePositionId ?? null,
      onlyClient() ?? null,
      filter.limit,
    ],
  );
  return rows.map(positionOf);
}

/**
 * Promises tokens of a locked position to an exit, and takes back what exits ended by it had reserved. The database itself refuses
 * sold + reserved > bought.
 */
export async function reserveForExit(
  tx: Transaction,
  { positionId }: Position,
  change: { released: bigint; reserved: bigint; exitReason: string },
): Promise<void> {
  await tx.query(
    `UPDATE positions SET reserved_tokens = reserved_tokens - $2 + $3, status = 'EXIT_PENDING', exit_reason = $4,
       updated_at = exitlane_now() WHERE position_id = $1`,
    [positionId, change.released, change.reserved, change.exitReason],
  );
  tx.hint('position', positionId);
}

/** Gives back what an exit had reserved and never sold. */
export async function releaseTokens(tx: Transaction, positionId: string, tokens: bigint): Promise<void> {
  const position = await lockPosition(tx, positionId);
  const after = bookRelease(position, tokens, position.decimals);
  await tx.query(
    `UPDATE positions SET reserved_tokens = $2, status = $3, dust_tokens = $4, updated_at = exitlane_now(),
       closed_at = CASE WHEN $3 = 'CLOSED' THEN exitlane_now() END WHERE position_id = $1`,
    [positionId, after.reservedTokens, after.status, after.dustTokens],
  );
  tx.hint('position', positionId);
}

export interface Fill {
  readonly lamports: bigint;
  readonly tokens: bigint;
  readonly feeLamports: bigint;
  /** Deposits of the wallet's own token accounts; negative: came back. */
  readonly rentLamports: bigint;
  /** SOL per whole token. */
  readonly price: string;
}

/** A filled ENTRY opens a position (X1); the entry order's id makes it once only. Returns the position's id. */
export async function openPosition(tx: Transaction, order: Order, fill: Fill): Promise<string> {
  const positionId = newId();
  await tx.query(
    `INSERT INTO positions (position_id, entry_order_id, mint, symbol, decimals, is_simulated, status, entry_lamports,
       entry_tokens, entry_price, fee_lamports, exit_plan, client, opened_at, updated_at)
     SELECT $1, $2, $3, $4, $5, $6, 'OPEN', $7, $8, $9, $10, $11, $12, t, t FROM (SELECT exitlane_now() AS t) AS clock`,
    [
      positionId,
      order.orderId,
      order.mint,
      order.symbol,
      order.decimals,
      order.isSimulated,
      fill.lamports,
      fill.tokens,
      fill.price,
      fill.feeLamports,
      JSON.stringify(order.exitPlan),
      order.client,
    ],
  );
  tx.hint('position', positionId);
  return positionId;
}

/** Books a filled EXIT on its position; `book` is the pure rule. */
export async function bookExit(
  tx: Transaction,
  order: Order,
  fill: Fill,
  book: (position: Position) => AfterSale,
): Promise<void> {
  if (order.positionId === null) throw new Error(`exit ${order.orderId} has no position`);
  const position = await lockPosition(tx, order.positionId);
  const after = book(position);
  await tx.query(
    `UPDATE positions SET sold_tokens = $2, reserved_tokens = $3, status = $4, dust_tokens = $5,
       realized_pnl_lamports = realized_pnl_lamports + $6, proceeds_lamports = proceeds_lamports + $7,
       fee_lamports = fee_lamports + $8, last_exit_order_id = $9, last_exit_price = $10, exit_blocker = '',
       last_exit_at = exitlane_now(), updated_at = exitlane_now(),
       closed_at = CASE WHEN $4 = 'CLOSED' THEN exitlane_now() END
     WHERE position_id = $1`,
    [
      position.positionId,
      after.soldTokens,
      after.reservedTokens,
      after.status,
      after.dustTokens,
      after.pnlLamports,
      fill.lamports,
      fill.feeLamports,
      order.orderId,
      fill.price,
    ],
  );
  tx.hint('position', position.positionId);
}

/** A transaction that landed with an error still cost its fee. */
export async function bookFee(tx: Transaction, positionId: string, feeLamports: bigint): Promise<void> {
  await tx.query(
    'UPDATE positions SET fee_lamports = fee_lamports + $2, updated_at = exitlane_now() WHERE position_id = $1',
    [positionId, feeLamports],
  );
}
