import { AlertServiceClient } from '../../proto/gen/exitlane/v1/alert_service.js';
import { DeliveryServiceClient } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { MarketServiceClient } from '../../proto/gen/exitlane/v1/market_service.js';
import { OrderServiceClient } from '../../proto/gen/exitlane/v1/order_service.js';
import { PositionServiceClient } from '../../proto/gen/exitlane/v1/position_service.js';
import { QueueServiceClient } from '../../proto/gen/exitlane/v1/queue_service.js';
import { SystemServiceClient } from '../../proto/gen/exitlane/v1/system_service.js';
import { serversAt } from '../../shared/grpc/addresses.js';
import { connect } from '../../shared/grpc/client.js';
import type { ClientSecurity } from '../../shared/grpc/client-security.js';

/** The public API, as the console uses it: nothing more than any other client has. */
export interface Clients {
  readonly orders: OrderServiceClient;
  readonly positions: PositionServiceClient;
  readonly queue: QueueServiceClient;
  readonly alerts: AlertServiceClient;
  readonly delivery: DeliveryServiceClient;
  readonly market: MarketServiceClient;
  readonly system: { readonly requestor: SystemServiceClient; readonly processor: SystemServiceClient };
  /** The same of each server alone, for what one server says of itself. */
  readonly systemOf: { readonly requestor: readonly SystemServer[]; readonly processor: readonly SystemServer[] };
  close(): void;
}

interface SystemServer {
  /** `host:port`, or the name behind which there are several: then any of them. */
  readonly address: string;
  readonly client: SystemServiceClient;
}

/**
 * @param addresses one server or several each: see `serversAt`
 * @param security how it shows itself; default: plain text, as on loopback
 */
export function connectClients(
  addresses: { readonly requestor: string; readonly processor: string },
  security?: ClientSecurity,
): Clients {
  const { requestor, processor } = addresses;
  const clients = {
    orders: connect(OrderServiceClient, requestor, {}, security),
    positions: connect(PositionServiceClient, requestor, {}, security),
    queue: connect(QueueServiceClient, requestor, {}, security),
    alerts: connect(AlertServiceClient, requestor, {}, security),
    delivery: connect(DeliveryServiceClient, processor, {}, security),
    market: connect(MarketServiceClient, processor, {}, security),
  };
  const system = {
    requestor: connect(SystemServiceClient, requestor, {}, security),
    processor: connect(SystemServiceClient, processor, {}, security),
  };
  const each = (service: string): SystemServer[] =>
    serversAt(service).each.map((address) => ({
      address,
      client: connect(SystemServiceClient, address, {}, security),
    }));
  const systemOf = { requestor: each(requestor), processor: each(processor) };
  return {
    ...clients,
    system,
    systemOf,
    close() {
      for (const client of [...Object.values(clients), ...Object.values(system)]) client.close();
      for (const { client } of [...systemOf.requestor, ...systemOf.processor]) client.close();
    },
  };
}
