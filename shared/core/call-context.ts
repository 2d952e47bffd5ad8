import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What somebody may do over the API, each more than the one before: `read` looks, `trade` submits, exits and cancels, `admin` changes
 * the trading state and sees everybody's orders. `service` is for our own processes: it alone calls internal methods.
 */
export const ROLES = ['read', 'trade', 'admin', 'service'] as const;
export type Role = (typeof ROLES)[number];

/** Who makes a call, as the server found out. */
export interface Caller {
  /** Name of the token or certificate; for the audit log. */
  readonly name: string;
  readonly role: Role;
  /** Whose orders it sees and makes, `*` for everybody's. */
  readonly client: string;
  /** For whom it says it acts, such as a signed-in user of the console; empty if it says nothing. Grants nothing. */
  readonly actingFor: string;
}

/** Everyone on this machine, where no access file is configured (loopback only). */
export const LOCAL_CALLER: Caller = { name: 'local', role: 'admin', client: '*', actingFor: '' };

/** The call whose handler is running. */
export interface CallFacts {
  /** `exitlane.v1.OrderService/SubmitOrder`. */
  readonly method: string;
  /** Names the call in the logs of both ends. */
  readonly requestId: string;
  /** Address of the other end, without the port. */
  readonly peer: string;
  readonly caller: Caller;
}

const storage = new AsyncLocalStorage<CallFacts>();

/** The call that this code runs for, from anywhere below its handler; undefined outside of calls. */
export function currentCallFacts(): CallFacts | undefined {
  return storage.getStore();
}

/** Runs `work` as a part of a call. */
export function runInCall<T>(facts: CallFacts, work: () => T): T {
  return storage.run(facts, work);
}

/** Runs `work` as part of no call, although a call happens to have led to it: what serves others must not pass for its doing. */
export function outsideOfCalls<T>(work: () => T): T {
  return storage.exit(work);
}

/** Whose the orders are that this caller makes. */
export function clientOf({ client, name }: Caller): string {
  return client === '*' ? name : client;
}

/** Whether the running call may see what belongs to `client`; outside of calls everything may be seen. */
export function maySee(client: string): boolean {
  const caller = storage.getStore()?.caller;
  return caller === undefined || caller.client === '*' || caller.client === client;
}

/** The client that the running call is limited to; undefined: it sees everybody's. */
export function onlyClient(): string | undefined {
  const caller = storage.getStore()?.caller;
  return caller === undefined || caller.client === '*' ? undefined : caller.client;
}
