import { uuidv7 } from 'uuidv7';

/** A new order, proposal or position id: UUID version 7 (RFC 9562), so that ids sort by the time they were made. */
export function newId(): string {
  return uuidv7();
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** What a client may choose as `order_req_id` (DESIGN.md, Words). */
export const ORDER_REQ_ID_PATTERN = /^[A-Za-z0-9._:-]{1,128}$/;

/** How the ids begin of orders that nobody asked for by that id: exits of triggers (X9), orders that follow a dead exit (X11). */
export const OWN_REQ_ID_PREFIX = { triggered: 'exit:', follower: 'follow:' } as const;

/** Whether Exitlane alone may make an order of this id: a client's would be in the way of an exit. */
export function isOwnReqId(orderReqId: string): boolean {
  return Object.values(OWN_REQ_ID_PREFIX).some((prefix) => orderReqId.startsWith(prefix));
}
