import { messageOf } from '../../../shared/core/errors.js';
import { call } from '../../../shared/grpc/client.js';
import type { Clients } from '../clients.js';
import { STATUS_DEADLINE_MS, STATUS_DOWN_INTERVAL_MS, STATUS_INTERVAL_MS } from '../limits.js';
import type { ServiceName, ServiceView } from '../model/view.js';
import { toldView } from '../wire/system.js';
import type { FeedParts } from './follow.js';

/** Whether one service is there, since when, and what the eldest of its servers told of itself last. */
export class ServiceWatch {
  readonly #service: ServiceName;
  readonly #clients: Clients;
  readonly #parts: FeedParts;
  readonly #onChange: (view: ServiceView) => void;
  #view: ServiceView;
  #wake: () => void = () => undefined;

  constructor(
    { service, address }: { readonly service: ServiceName; readonly address: string },
    clients: Clients,
    parts: FeedParts,
    onChange: (view: ServiceView) => void,
  ) {
    this.#service = service;
    this.#clients = clients;
    this.#parts = parts;
    this.#onChange = onChange;
    this.#view = {
      service,
      address,
      up: null,
      since: parts.clock.now(),
      lastSeen: null,
      error: '',
      version: '',
      nodeVersion: '',
      mode: 'UNKNOWN',
      database: '',
      schemaVersion: 0,
      startedAt: null,
      endpoints: [],
    };
  }

  get view(): ServiceView {
    return this.#view;
  }

  /** Asks at once: a stream of this service broke, or came back. */
  ask(): void {
    this.#wake();
  }

  async run(): Promise<void> {
    const { clock, signal } = this.#parts;
    while (!signal.aborted) {
      await this.#look();
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      const either = AbortSignal.any([signal, woken.signal]);
      await clock.sleep(this.#view.up ? STATUS_INTERVAL_MS : STATUS_DOWN_INTERVAL_MS, either).catch(() => undefined);
    }
  }

  /** Each server of the service is asked: of several, any that answers is enough, and who does not is named. */
  async #look(): Promise<void> {
    const { clock, logger, signal } = this.#parts;
    const servers = this.#clients.systemOf[this.#service];
    const settings = { deadlineMs: STATUS_DEADLINE_MS, signal };
    const answers = await Promise.all(
      servers.map(async ({ address, client }) => {
        try {
          return { address, status: await call(client, 'getStatus', {}, settings) };
        } catch (error) {
          return { address, trouble: messageOf(error) };
        }
      }),
    );
    if (signal.aborted) return;
    const now = clock.now();
    const told = answers.flatMap(({ status }) => (status ? [toldView(status, now)] : []));
    const silent = answers.filter(({ status }) => status === undefined);
    const [first] = told.sort((one, other) => (one.startedAt ?? now) - (other.startedAt ?? now));
    if (first) {
      if (this.#view.up === false) logger.info({ of: this.#service }, `the ${this.#service} is back`);
      const since = this.#view.up === true ? this.#view.since : now;
      const error = silent.length === 0 ? '' : `no answer from ${silent.map(({ address }) => address).join(', ')}`;
      if (error !== this.#view.error && error !== '') logger.warn({ of: this.#service }, error);
      this.#set({ ...this.#view, ...first, up: true, since, lastSeen: now, error });
      return;
    }
    const error = silent[0]?.trouble ?? '';
    if (this.#view.up !== false) {
      logger.warn({ of: this.#service, err: error }, `the ${this.#service} does not answer`);
    }
    const since = this.#view.up === false ? this.#view.since : now;
    this.#set({ ...this.#view, up: false, since, error });
  }

  #set(view: ServiceView): void {
    this.#view = view;
    this.#onChange(view);
  }
}
