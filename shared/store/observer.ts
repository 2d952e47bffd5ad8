import type { OrderMove } from '../order/order-move.js';

/** Told what happens in the database, for logs and numbers. Called on the path of every statement: quick. What it throws changes nothing. */
export interface StoreObserver {
  /** What a transaction did to orders, after its commit. A commit whose outcome is not known tells nothing. */
  ordersMoved?(moves: readonly OrderMove[]): void;
  /** A statement on its own, or a transaction with its repeats, has ended. */
  worked?(work: StoreWork): void;
}

export interface StoreWork {
  readonly kind: 'query' | 'transaction';
  /** Milliseconds, the wait for a connection included. */
  readonly tookMs: number;
  /** `unavailable`: it could not be reached, or was lost; `statement`: it refused a statement. Undefined: neither. */
  readonly failed: 'unavailable' | 'statement' | undefined;
}

/** The pool of connections at one moment. */
export interface Connections {
  readonly total: number;
  readonly idle: number;
  /** Callers that wait for one. */
  readonly waiting: number;
}
