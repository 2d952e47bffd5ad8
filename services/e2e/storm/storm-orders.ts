import type { Database } from '../../../shared/store/database.js';
import type { StormResult } from './storm.js';

/** An order of the storm as the database has it. */
export interface StormOrder {
  readonly orderReqId: string;
  readonly status: string;
  readonly priority: number;
  readonly emergencyExit: boolean;
  /** Its number among all claims; 0 before the first. */
  readonly dispatched: number;
  /** Its place among those that waited for ACTIVE, from 1, by priority and age (P2); undefined for emergency exits. */
  readonly due: number | undefined;
}

/** Every order of the storm, in the order of the claims. Ages are compared as the claim does it, to the microsecond. */
export async function readStormOrders(db: Database): Promise<StormOrder[]> {
  const { rows } = await db.query<Row>(
    `SELECT order_req_id, status, priority, dispatch_sequence, due, order_type = 'EXIT' AND emergency AS emergency_exit
     FROM orders LEFT JOIN (
       SELECT order_id, (row_number() OVER (ORDER BY priority, created_at, order_id))::int AS due FROM orders
       WHERE order_req_id LIKE 'storm-%' AND NOT (order_type = 'EXIT' AND emergency)
     ) AS places USING (order_id)
     WHERE order_req_id LIKE 'storm-%' ORDER BY dispatch_sequence, order_id`,
  );
  return rows.map((row) => ({
    orderReqId: row.order_req_id,
    status: row.status,
    priority: row.priority,
    emergencyExit: row.emergency_exit,
    dispatched: Number(row.dispatch_sequence),
    due: row.due ?? undefined,
  }));
}

interface Row {
  order_req_id: string;
  status: string;
  priority: number;
  dispatch_sequence: string;
  due: number | null;
  emergency_exit: boolean;
}

/** What must not be, in words; nothing when the storm went as promised. */
export function problemsOf(result: StormResult): string[] {
  const { acknowledged, orders, report, claimedWhileHalted } = result;
  const known = new Set(orders.map(({ orderReqId }) => orderReqId));
  const waited = orders.filter(({ due }) => due !== undefined);
  const lastEmergency = Math.max(...orders.filter((order) => order.emergencyExit).map(({ dispatched }) => dispatched));
  return [
    ...acknowledged.filter((id) => !known.has(id)).map((id) => `${id} was acknowledged and is lost`),
    ...orders.filter(({ status }) => status !== 'FILLED').map((order) => `${order.orderReqId} is ${order.status}`),
    ...(claimedWhileHalted > 0 ? [`${claimedWhileHalted} orders started while trading was HALTED`] : []),
    ...waited
      .filter(({ dispatched }) => dispatched < lastEmergency)
      .map(({ orderReqId }) => `${orderReqId} started before an emergency exit`),
    ...waited
      .map(({ orderReqId, due }, index) => ({ orderReqId, due, place: index + 1 }))
      .filter(({ due, place }) => due !== place)
      .map(({ orderReqId, due, place }) => `${orderReqId} started as number ${place} and was due as number ${due}`),
    ...report.checks.flatMap(({ name, violations }) =>
      violations.map((violation) => `${name}: ${JSON.stringify(violation)}`),
    ),
  ];
}
