import type { Queryable } from '../../shared/store/database.js';
import { rowsOf } from './slices.js';
import { parseTransaction } from './transaction-bytes.js';

/** An attempt with what its order says. `int8` and `numeric` are strings, as the database gives them. */
export interface AttemptRow {
  readonly order_id: string;
  readonly order_req_id: string;
  readonly order_type: 'ENTRY' | 'EXIT';
  readonly order_status: string;
  readonly is_simulated: boolean;
  readonly mint: string;
  readonly position_id: string | null;
  readonly filled_lamports: string | null;
  readonly filled_tokens: string | null;
  readonly fee_lamports: string | null;
  readonly rent_lamports: string | null;
  readonly number: number;
  readonly signature: string;
  readonly state: string;
  readonly slot: string | null;
  /** Of this attempt; `fee_lamports` is the order's. */
  readonly attempt_fee_lamports: string | null;
  readonly last_valid_block_height: string;
  readonly created_at: Date;
  readonly sent_at: Date | null;
  readonly seen_at: Date | null;
  readonly resolved_at: Date | null;
  readonly raw_bytes: number;
}

/** Every attempt, order after order, oldest first. */
export function attemptsOf(db: Queryable): AsyncGenerator<AttemptRow> {
  return rowsOf<AttemptRow>(
    db,
    'orders',
    `SELECT o.order_id, o.order_req_id, o.order_type, o.status AS order_status, o.is_simulated, o.mint, o.position_id,
       o.filled_lamports, o.filled_tokens, o.fee_lamports, o.rent_lamports, a.number, a.signature, a.state, a.slot,
       a.fee_lamports AS attempt_fee_lamports,
       a.last_valid_block_height, a.created_at, a.sent_at, a.seen_at, a.resolved_at, length(a.raw_transaction) AS raw_bytes
     FROM slice o JOIN attempts a USING (order_id) ORDER BY o.order_id, a.number`,
  );
}

export function isOpen(state: string): boolean {
  return state === 'PERSISTED' || state === 'SENT' || state === 'SEEN';
}

/** Committed and not settled yet: the chain may be ahead of the database, which is no violation. */
export function isInFlight(attempt: Pick<AttemptRow, 'state' | 'order_status'>): boolean {
  return isOpen(attempt.state) && attempt.order_status === 'CONFIRMING';
}

export interface BytesRow {
  readonly order_req_id: string;
  readonly number: number;
  readonly signature: string;
  readonly raw_transaction: Buffer;
}

/** The signed bytes of every attempt that is not simulated. */
export function signedBytesOf(db: Queryable): AsyncGenerator<BytesRow> {
  return rowsOf<BytesRow>(
    db,
    'orders',
    `SELECT o.order_req_id, a.number, a.signature, a.raw_transaction
     FROM slice o JOIN attempts a USING (order_id) WHERE NOT o.is_simulated ORDER BY o.order_id, a.number`,
  );
}

/** The accounts that pay for attempts: the key may have been changed over time. Unreadable bytes are another check's matter. */
export async function payersOf(db: Queryable): Promise<Set<string>> {
  const payers = new Set<string>();
  for await (const { raw_transaction } of signedBytesOf(db)) {
    try {
      payers.add(parseTransaction(raw_transaction).payer);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return payers;
}
