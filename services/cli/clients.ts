import type { Client } from '@grpc/grpc-js';
import { AlertServiceClient } from '../../proto/gen/exitlane/v1/alert_service.js';
import { DeliveryServiceClient } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { MarketServiceClient } from '../../proto/gen/exitlane/v1/market_service.js';
import { OrderServiceClient } from '../../proto/gen/exitlane/v1/order_service.js';
import { PositionServiceClient } from '../../proto/gen/exitlane/v1/position_service.js';
import { QueueServiceClient } from '../../proto/gen/exitlane/v1/queue_service.js';
import { SystemServiceClient } from '../../proto/gen/exitlane/v1/system_service.js';
import { type ClientConstructor, connect } from '../../shared/grpc/client.js';
import { type ClientSecurity, PLAIN } from '../../shared/grpc/client-security.js';

export interface Addresses {
  /** One server or several: see `serversAt`. */
  readonly requestor: string;
  readonly processor: string;
}

/** The services of the API, each client made when it is first used. `close` ends them all. */
export class Clients {
  readonly #made = new Map<string, Client>();

  constructor(
    readonly addresses: Addresses,
    /** How it shows itself; the caller's to close. */
    readonly security: ClientSecurity = PLAIN,
  ) {}

  get orders(): OrderServiceClient {
    return this.#client('orders', OrderServiceClient, this.addresses.requestor);
  }

  get positions(): PositionServiceClient {
    return this.#client('positions', PositionServiceClient, this.addresses.requestor);
  }

  get alerts(): AlertServiceClient {
    return this.#client('alerts', AlertServiceClient, this.addresses.requestor);
  }

  get queue(): QueueServiceClient {
    return this.#client('queue', QueueServiceClient, this.addresses.requestor);
  }

  get delivery(): DeliveryServiceClient {
    return this.#client('delivery', DeliveryServiceClient, this.addresses.processor);
  }

  get market(): MarketServiceClient {
    return this.#client('market', MarketServiceClient, this.addresses.processor);
  }

  /** Both services answer it. */
  system(service: keyof Addresses): SystemServiceClient {
    return this.#client(`system of ${service}`, SystemServiceClient, this.addresses[service]);
  }

  close(): void {
    for (const client of this.#made.values()) client.close();
    this.#made.clear();
  }

  #client<C extends Client>(name: string, clientClass: ClientConstructor<C>, address: string): C {
    const made = this.#made.get(name);
    if (made) return made as C;
    const client = connect(clientClass, address, {}, this.security);
    this.#made.set(name, client);
    return client;
  }
}
