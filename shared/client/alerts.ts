import {
  AcknowledgeAlertRequest,
  type Alert,
  type AlertServiceClient,
  AlertSeverity,
  AlertState,
  ListAlertsRequest,
  type ListAlertsResponse,
  ResolveAlertRequest,
} from '../../proto/gen/exitlane/v1/alert_service.js';
import type { Caller, CallSettings } from './caller.js';
import { allPages } from './pages.js';
import { type Input, present, unlessGone } from './request.js';
import { type WatchSettings, watchRecords } from './watch.js';

/** AlertService. */
export class Alerts {
  readonly #caller: Caller;
  readonly #client: AlertServiceClient;

  constructor(caller: Caller, client: AlertServiceClient) {
    this.#caller = caller;
    this.#client = client;
  }

  /** @throws CallError NOT_FOUND */
  async get(alertId: string, settings?: CallSettings): Promise<Alert> {
    const wish = { client: this.#client, method: 'getAlert', request: { alertId }, repeat: 'harmless' } as const;
    return present((await this.#caller.unary(wish, settings)).alert, 'getAlert');
  }

  /** One page of alerts, newest first; `nextPageToken` is empty at the end. */
  list(filter: Input<ListAlertsRequest> = {}, settings?: CallSettings): Promise<ListAlertsResponse> {
    const request = ListAlertsRequest.fromPartial(filter);
    return this.#caller.unary({ client: this.#client, method: 'listAlerts', request, repeat: 'harmless' }, settings);
  }

  /** All alerts that match, newest first, read page by page. */
  all(filter: Omit<Input<ListAlertsRequest>, 'pageToken'> = {}, settings?: CallSettings): AsyncGenerator<Alert> {
    return allPages(async (page) => {
      const { alerts, nextPageToken } = await this.list({ ...filter, ...page }, settings);
      return { records: alerts, nextPageToken };
    });
  }

  /** Says that somebody has seen it. Never repeated after it may have been carried out; the same name again changes nothing. */
  async acknowledge(alertId: string, acknowledgedBy: string, note = '', settings?: CallSettings): Promise<Alert> {
    const request = AcknowledgeAlertRequest.create({ alertId, acknowledgedBy, note });
    const wish = { client: this.#client, method: 'acknowledgeAlert', request, repeat: 'acts-again' } as const;
    return present((await this.#caller.unary(wish, settings)).alert, 'acknowledgeAlert');
  }

  /** Says that it is over. Never repeated after it may have been carried out; the same name again changes nothing. */
  async resolve(alertId: string, resolvedBy: string, note = '', settings?: CallSettings): Promise<Alert> {
    const request = ResolveAlertRequest.create({ alertId, resolvedBy, note });
    const wish = { client: this.#client, method: 'resolveAlert', request, repeat: 'acts-again' } as const;
    return present((await this.#caller.unary(wish, settings)).alert, 'resolveAlert');
  }

  /** Every alert that is not resolved, then each after every change, across broken connections: see `watchRecords`. */
  watch(minSeverity: AlertSeverity = AlertSeverity.UNSPECIFIED, settings?: WatchSettings): AsyncIterable<Alert> {
    const request = { includeCurrent: true, minSeverity };
    return watchRecords(
      this.#caller,
      {
        open: (signal) => this.#caller.stream(this.#client, 'watchAlerts', request, signal),
        recordOf: ({ alert }) => alert,
        isComplete: ({ currentComplete }) => currentComplete,
        idOf: ({ alertId }) => alertId,
        lives: ({ state }) => state !== AlertState.RESOLVED,
        look: (alertId, signal) => unlessGone(this.get(alertId, { signal })),
      },
      settings,
    );
  }
}
