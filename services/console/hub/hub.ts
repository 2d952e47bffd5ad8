import type { ServerResponse } from 'node:http';
import { messageOf } from '../../../shared/core/errors.js';
import { newId } from '../../../shared/core/ids.js';
import { VERSION } from '../../../shared/core/version.js';
import { call } from '../../../shared/grpc/client.js';
import type { Clients } from '../clients.js';
import * as limits from '../limits.js';
import type { Identity, ServerEvents } from '../model/events.js';
import type { GateView, PnlView, ServiceView } from '../model/view.js';
import { pnlView } from '../wire/positions.js';
import { gateView } from '../wire/system.js';
import { type FeedParts, keepDoing } from './follow.js';
import { followList } from './list-feed.js';
import { alertsFeed, ordersFeed, positionsFeed } from './lists.js';
import { followOrder } from './order-follow.js';
import { QueueFeed } from './queue-feed.js';
import { ServiceWatch } from './services.js';
import { eventText, Tab } from './tab.js';

export interface HubOptions {
  readonly clients: Clients;
  /** One server or several each: see `serversAt`. */
  readonly addresses: { readonly requestor: string; readonly processor: string };
  /** See ConsoleConfig. */
  readonly explorerUrl: string | undefined;
  readonly parts: FeedParts;
}

/** Who asks for a stream. */
export interface Visitor {
  readonly sessionId: string;
  readonly identity: Identity;
}

/**
 * What every tab sees: one subscription upstream per topic, however many tabs look. It follows the services for as long as the
 * console runs, so that a tab that opens gets the recent past as well, and sends every change to all tabs, gathered.
 */
export class Hub {
  readonly #options: HubOptions;
  readonly #tabs = new Map<string, Tab>();
  readonly #follows = new Map<string, AbortController>();
  readonly #queue: QueueFeed;
  readonly #requestor: ServiceWatch;
  readonly #processor: ServiceWatch;
  readonly #feeds;
  readonly #startedAt: number;
  #gate: GateView | null = null;
  #pnl: PnlView | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: HubOptions) {
    const { clients, addresses, parts } = options;
    this.#options = options;
    this.#startedAt = parts.clock.now();
    const onService = () => this.#publish('services', this.#services());
    const watch = (service: 'requestor' | 'processor') =>
      new ServiceWatch({ service, address: addresses[service] }, clients, parts, onService);
    this.#requestor = watch('requestor');
    this.#processor = watch('processor');
    this.#queue = new QueueFeed(clients, parts, {
      queue: (queue) => this.#publish('queue', queue),
      sample: (sample) => this.#publish('sample', sample),
      trading: (trading) => this.#publish('trading', trading),
      turned: () => this.#requestor.ask(),
    });
    this.#feeds = {
      orders: ordersFeed(clients),
      positions: positionsFeed(clients, parts.clock),
      alerts: alertsFeed(clients),
    };
  }

  get tabs(): number {
    return this.#tabs.size;
  }

  start(): void {
    const { parts } = this.#options;
    const { orders, positions, alerts } = this.#feeds;
    this.#running = Promise.all([
      this.#requestor.run(),
      this.#processor.run(),
      this.#queue.run(),
      followList(orders, parts),
      followList(positions, parts),
      followList(alerts, parts),
      keepDoing(
        () => this.#readGate(),
        () => limits.GATE_INTERVAL_MS,
        parts,
      ),
      keepDoing(
        () => this.#readPnl(),
        () => limits.POLL_INTERVAL_MS,
        parts,
      ),
      keepDoing(
        async () => this.#flush(),
        () => limits.FLUSH_MS,
        parts,
      ),
      keepDoing(
        async () => this.#publish('ping', parts.clock.now()),
        () => limits.PING_MS,
        parts,
      ),
    ]);
  }

  /** After the signal of the parts aborted. */
  async close(): Promise<void> {
    for (const tab of this.#tabs.values()) tab.end();
    await this.#running;
  }

  /** There is room for another tab. */
  get hasRoom(): boolean {
    return this.#tabs.size < limits.TABS_MAX;
  }

  /** Begins a stream: everything that is known, then every change. */
  open({ sessionId, identity }: Visitor, response: ServerResponse): Tab {
    const own = [...this.#tabs.values()].filter((tab) => tab.sessionId === sessionId);
    for (const tab of own.slice(0, Math.max(0, own.length - limits.TABS_PER_SESSION_MAX + 1))) {
      tab.send('paused', { tabsMax: limits.TABS_PER_SESSION_MAX });
      tab.end();
    }
    const id = newId();
    const tab = new Tab(id, sessionId, identity, response, () => {
      this.#tabs.delete(id);
      this.#stopFollowing(id);
    });
    this.#tabs.set(id, tab);
    this.#sendSnapshot(tab);
    // Nobody looked: what is read only for those who look is old.
    if (this.#tabs.size === 1) void Promise.all([this.#readGate(), this.#readPnl()]);
    return tab;
  }

  /** The session has ended: its tabs ask for a token. */
  signOut(sessionId: string): void {
    for (const tab of this.#tabs.values()) {
      if (tab.sessionId !== sessionId) continue;
      tab.send('signedOut', null);
      tab.end();
    }
  }

  /** From now on this tab is told the messages of this order, and of no other. False if the tab is not this session's. */
  follow(tabId: string, sessionId: string, orderReqId: string): boolean {
    const tab = this.#tabs.get(tabId);
    if (tab?.sessionId !== sessionId) return false;
    this.#stopFollowing(tabId);
    const stop = new AbortController();
    this.#follows.set(tabId, stop);
    const { clients, parts } = this.#options;
    const signal = AbortSignal.any([parts.signal, tab.ended, stop.signal]);
    void followOrder(clients, orderReqId, { ...parts, signal }, (followed) => tab.send('followed', followed));
    return true;
  }

  unfollow(tabId: string, sessionId: string): void {
    if (this.#tabs.get(tabId)?.sessionId === sessionId) this.#stopFollowing(tabId);
  }

  #stopFollowing(tabId: string): void {
    this.#follows.get(tabId)?.abort();
    this.#follows.delete(tabId);
  }

  /** Reads at once what an action has changed, instead of waiting for the next look. */
  hurry(): void {
    void this.#queue.readTrading();
  }

  /** The services as they were at the last look. */
  get services(): readonly ServiceView[] {
    return this.#services();
  }

  #services(): readonly ServiceView[] {
    return [this.#requestor.view, this.#processor.view];
  }

  #sendSnapshot(tab: Tab): void {
    const { parts, explorerUrl } = this.#options;
    const { orders, positions, alerts } = this.#feeds;
    tab.send('hello', {
      tabId: tab.id,
      identity: tab.identity,
      consoleVersion: VERSION,
      now: parts.clock.now(),
      startedAt: this.#startedAt,
      explorerUrl: explorerUrl ?? null,
    });
    tab.send('services', this.#services());
    if (this.#queue.queue) tab.send('queue', this.#queue.queue);
    if (this.#queue.trading) tab.send('trading', this.#queue.trading);
    tab.send('history', this.#queue.history);
    tab.send('orders', orders.list.snapshot());
    tab.send('positions', positions.list.snapshot());
    tab.send('pnl', this.#pnl);
    tab.send('alerts', alerts.list.snapshot());
    tab.send('gate', this.#gate);
  }

  #flush(): void {
    for (const name of ['orders', 'positions', 'alerts'] as const) {
      const patch = this.#feeds[name].list.take();
      if (patch) this.#publish(name, patch as ServerEvents[typeof name]);
    }
  }

  async #readGate(): Promise<void> {
    if (this.#tabs.size === 0) return;
    const { clients, parts } = this.#options;
    const settings = { deadlineMs: limits.STATUS_DEADLINE_MS, signal: parts.signal };
    const gate = await call(clients.market, 'getGateStats', {}, settings).then(gateView, (error: unknown) => {
      parts.logger.debug({ err: messageOf(error) }, 'the gate could not be read');
      return null;
    });
    if (gate === null && this.#gate === null) return;
    this.#gate = gate;
    this.#publish('gate', gate);
  }

  async #readPnl(): Promise<void> {
    if (this.#tabs.size === 0) return;
    const { clients, parts } = this.#options;
    const settings = { deadlineMs: limits.POLL_DEADLINE_MS, signal: parts.signal };
    const pnl = await call(clients.positions, 'getPnl', { since: undefined }, settings).then(
      pnlView,
      (error: unknown) => {
        parts.logger.debug({ err: messageOf(error) }, 'the profit could not be read');
        return null;
      },
    );
    if (pnl === null && this.#pnl === null) return;
    this.#pnl = pnl;
    this.#publish('pnl', pnl);
  }

  #publish<Name extends keyof ServerEvents>(name: Name, data: ServerEvents[Name]): void {
    if (this.#tabs.size === 0) return;
    const text = eventText(name, data);
    for (const tab of this.#tabs.values()) tab.sendText(text);
  }
}
