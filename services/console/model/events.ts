import type {
  AlertView,
  GateView,
  MessageView,
  OrderView,
  PnlView,
  PositionView,
  QueueView,
  Role,
  SampleView,
  ServiceView,
  TradingView,
} from './view.js';

/**
 * How current a topic is: `live` - told by the service as it happens; `polled` - asked for every few seconds, because the
 * service does not stream it; `missing` - the service does not have it; `waiting` - not known yet, or the service is down.
 */
export type Currency = 'live' | 'polled' | 'missing' | 'waiting';

/** The first event of a stream: who is looking, and what the console is. */
export interface Hello {
  /** Name of this stream, for requests that are about it. */
  readonly tabId: string;
  readonly identity: Identity;
  readonly consoleVersion: string;
  /** The console's clock, milliseconds. */
  readonly now: number;
  /** When the console started. */
  readonly startedAt: number;
  /** Address of a transaction with `{signature}` in it; null: a public explorer where the chain is public. */
  readonly explorerUrl: string | null;
}

export interface Identity {
  readonly name: string;
  readonly role: Role;
  /** Signed in with a token, so that signing out makes sense. */
  readonly signedIn: boolean;
}

/** What GET /api/session tells. Without an identity the page asks for a token. */
export interface SessionView {
  readonly identity: Identity | null;
  /** To be sent as `x-csrf-token` with everything that changes something. */
  readonly csrfToken: string;
}

/** Changes of a list: `reset` means that nothing before it counts. */
export interface Patch<Item> {
  readonly reset: boolean;
  readonly upsert: readonly Item[];
  /** Ids that are no longer held. */
  readonly remove: readonly string[];
  readonly currency: Currency;
}

/** What one tab is told about the order it follows. */
export interface Followed {
  readonly orderReqId: string;
  readonly messages: readonly MessageView[];
  /** Nothing follows. */
  readonly ended: boolean;
  /** Why nothing comes; empty while all is well. */
  readonly problem: string;
}

/** Events of the stream by name. */
export interface ServerEvents {
  readonly hello: Hello;
  readonly services: readonly ServiceView[];
  readonly queue: QueueView;
  readonly history: readonly SampleView[];
  readonly sample: SampleView;
  readonly trading: TradingView;
  readonly orders: Patch<OrderView>;
  readonly positions: Patch<PositionView>;
  readonly pnl: PnlView | null;
  readonly alerts: Patch<AlertView>;
  readonly gate: GateView | null;
  readonly followed: Followed;
  /** The console's clock, every few seconds: the page tells silence from death. */
  readonly ping: number;
  /** The stream ends because too many tabs of this browser are open. */
  readonly paused: { readonly tabsMax: number };
  /** The stream ends because the session does. */
  readonly signedOut: null;
}

export const EVENT_NAMES = [
  'hello',
  'services',
  'queue',
  'history',
  'sample',
  'trading',
  'orders',
  'positions',
  'pnl',
  'alerts',
  'gate',
  'followed',
  'ping',
  'paused',
  'signedOut',
] as const satisfies readonly (keyof ServerEvents)[];

/** What a refused or failed request answers. */
export interface Failure {
  /** Stable name, such as `FORBIDDEN`, or the reason of the API's error catalogue. */
  readonly reason: string;
  readonly message: string;
  /** Field by field, as the API names them. */
  readonly violations: readonly { readonly field: string; readonly description: string }[];
}
