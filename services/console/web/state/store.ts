import type { Currency, Hello, Identity, Patch, ServerEvents } from '../../model/events.js';
import type {
  AlertView,
  GateView,
  MessageView,
  OrderView,
  PnlView,
  PositionView,
  QueueView,
  SampleView,
  ServiceView,
  TradingView,
} from '../../model/view.js';

/** A list as the server holds it. A new object after every change, so that "is it the same?" is one comparison. */
export interface Listed<Item> {
  readonly byId: ReadonlyMap<string, Item>;
  readonly currency: Currency;
}

/** The messages of the order that this tab follows. */
export interface Timeline {
  readonly orderReqId: string;
  readonly messages: readonly MessageView[];
  readonly ended: boolean;
  readonly problem: string;
}

/** How this page is connected to the console's server. */
export type Link = 'connecting' | 'open' | 'lost' | 'paused' | 'signedOut';

export interface State {
  readonly link: Link;
  /** Since when, by this computer's clock. */
  readonly linkSince: number;
  readonly identity: Identity | null;
  readonly hello: Hello | null;
  readonly services: readonly ServiceView[];
  readonly queue: QueueView | null;
  readonly trading: TradingView | null;
  readonly history: readonly SampleView[];
  readonly orders: Listed<OrderView>;
  readonly positions: Listed<PositionView>;
  readonly pnl: PnlView | null;
  readonly alerts: Listed<AlertView>;
  readonly gate: GateView | null;
  readonly timeline: Timeline | null;
  /**
   * The services' time as it goes on; stands still while what is shown is not current, so that nothing seems to go on that
   * nobody has seen going on.
   */
  readonly now: number;
  readonly toasts: readonly Toast[];
}

export interface Toast {
  readonly id: number;
  readonly kind: 'good' | 'bad';
  readonly text: string;
}

const nothing = <Item>(): Listed<Item> => ({ byId: new Map(), currency: 'waiting' });

/** Messages kept of one order; an order has a few dozen. */
const MESSAGES_MAX = 2_000;
/** The server's charts hold as many. */
const SAMPLES_MAX = 450;
const TICK_MS = 500;
const TOAST_MS = 6_000;
const TOASTS_MAX = 4;

let state: State = {
  link: 'connecting',
  linkSince: Date.now(),
  identity: null,
  hello: null,
  services: [],
  queue: null,
  trading: null,
  history: [],
  orders: nothing(),
  positions: nothing(),
  pnl: null,
  alerts: nothing(),
  gate: null,
  timeline: null,
  now: Date.now(),
  toasts: [],
};
const listeners = new Set<() => void>();
/** Milliseconds by which the server's clock is ahead of this computer's. */
let skewMs = 0;
let toastId = 0;

export function getState(): State {
  return state;
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function setState(change: Partial<State>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

/** What is shown is what is: the page hears the console and the console hears the requestor. */
export function isCurrent({ link, services }: State): boolean {
  return link === 'open' && services.find(({ service }) => service === 'requestor')?.up !== false;
}

setInterval(() => {
  if (isCurrent(state)) setState({ now: Date.now() + skewMs });
}, TICK_MS);

export function toast(kind: Toast['kind'], text: string): void {
  toastId += 1;
  const id = toastId;
  setState({ toasts: [...state.toasts, { id, kind, text }].slice(-TOASTS_MAX) });
  setTimeout(() => dropToast(id), TOAST_MS);
}

export function dropToast(id: number): void {
  setState({ toasts: state.toasts.filter((each) => each.id !== id) });
}

export function follow(orderReqId: string): void {
  setState({ timeline: { orderReqId, messages: [], ended: false, problem: '' } });
}

type Takers = { readonly [Name in keyof ServerEvents]: (data: ServerEvents[Name]) => void };

/** What each event changes. */
export const takers: Takers = {
  hello: (hello) => {
    skewMs = hello.now - Date.now();
    setState({ hello, identity: hello.identity, link: 'open', linkSince: Date.now(), now: hello.now });
  },
  services: (services) => setState({ services }),
  queue: (queue) => setState({ queue }),
  trading: (trading) => setState({ trading }),
  history: (history) => setState({ history }),
  sample: (sample) => setState({ history: [...state.history, sample].slice(-SAMPLES_MAX) }),
  orders: (patch) => setState({ orders: patched(state.orders, patch, ({ orderId }) => orderId) }),
  positions: (patch) => setState({ positions: patched(state.positions, patch, ({ positionId }) => positionId) }),
  pnl: (pnl) => setState({ pnl }),
  alerts: (patch) => setState({ alerts: patched(state.alerts, patch, ({ alertId }) => alertId) }),
  gate: (gate) => setState({ gate }),
  followed: ({ orderReqId, messages, ended, problem }) => {
    const { timeline } = state;
    if (timeline?.orderReqId !== orderReqId) return;
    // A new follower starts from the first message again: sequences tell what is known already.
    const last = timeline.messages.at(-1)?.sequence ?? 0;
    const all = [...timeline.messages, ...messages.filter(({ sequence }) => sequence > last)].slice(-MESSAGES_MAX);
    setState({ timeline: { orderReqId, messages: all, ended, problem } });
  },
  ping: () => undefined,
  paused: () => setState({ link: 'paused', linkSince: Date.now() }),
  signedOut: () => setState({ link: 'signedOut', linkSince: Date.now(), identity: null }),
};

function patched<Item>(held: Listed<Item>, patch: Patch<Item>, idOf: (item: Item) => string): Listed<Item> {
  const byId = patch.reset ? new Map<string, Item>() : new Map(held.byId);
  for (const id of patch.remove) byId.delete(id);
  for (const item of patch.upsert) byId.set(idOf(item), item);
  return { byId, currency: patch.currency };
}
