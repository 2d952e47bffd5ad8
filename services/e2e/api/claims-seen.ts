import type { Database } from '../../../shared/store/database.js';

/** A claim, written down by the database inside the claim's own transaction: no look from outside could miss one. */
export interface ClaimSeen {
  readonly orderReqId: string;
  /** The requestor. */
  readonly owner: string;
  /** Slots taken then, this one included. */
  readonly held: number;
}

/** From now on every claim is written down. */
export async function recordClaims(db: Database): Promise<void> {
  await db.query(
    'CREATE TABLE claims_seen (dispatched bigint PRIMARY KEY, order_req_id text, owner text, held integer NOT NULL)',
  );
  await db.query(
    `CREATE FUNCTION see_claim() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       INSERT INTO claims_seen
         SELECT NEW.dispatch_sequence, NEW.order_req_id, NEW.lease_owner, count(*) FROM orders WHERE holds_slot;
       RETURN NULL;
     END $$`,
  );
  await db.query(
    `CREATE TRIGGER see_claim AFTER UPDATE ON orders FOR EACH ROW
     WHEN (NEW.holds_slot AND NOT OLD.holds_slot) EXECUTE FUNCTION see_claim()`,
  );
}

/** In the order of the claims. */
export async function seenClaims(db: Database): Promise<ClaimSeen[]> {
  const { rows } = await db.query<{ order_req_id: string; owner: string; held: number }>(
    'SELECT order_req_id, owner, held FROM claims_seen ORDER BY dispatched',
  );
  return rows.map(({ order_req_id: orderReqId, owner, held }) => ({ orderReqId, owner, held }));
}
