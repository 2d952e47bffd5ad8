import {
  type GetStatusResponse,
  ListAuditEntriesRequest,
  type ListAuditEntriesResponse,
  type SystemServiceClient,
} from '../../proto/gen/exitlane/v1/system_service.js';
import type { Caller, CallSettings } from './caller.js';
import type { Input } from './request.js';

/** SystemService, which both services answer. */
export class System {
  readonly #caller: Caller;
  readonly #clients: { readonly requestor: SystemServiceClient; readonly processor: SystemServiceClient };

  constructor(caller: Caller, requestor: SystemServiceClient, processor: SystemServiceClient) {
    this.#caller = caller;
    this.#clients = { requestor, processor };
  }

  /** Versions, mode, database and endpoints of the service that answers. */
  status(service: 'requestor' | 'processor', settings?: CallSettings): Promise<GetStatusResponse> {
    const wish = { client: this.#clients[service], method: 'getStatus', request: {}, repeat: 'harmless' } as const;
    return this.#caller.unary(wish, settings);
  }

  /** One page of who changed what, newest first. */
  audit(filter: Input<ListAuditEntriesRequest> = {}, settings?: CallSettings): Promise<ListAuditEntriesResponse> {
    const request = ListAuditEntriesRequest.fromPartial(filter);
    const client = this.#clients.requestor;
    return this.#caller.unary({ client, method: 'listAuditEntries', request, repeat: 'harmless' }, settings);
  }
}
