import { AlertServiceClient } from '../../proto/gen/exitlane/v1/alert_service.js';
import { DeliveryServiceClient } from '../../proto/gen/exitlane/v1/delivery_service.js';
import { MarketServiceClient } from '../../proto/gen/exitlane/v1/market_service.js';
import { OrderServiceClient } from '../../proto/gen/exitlane/v1/order_service.js';
import { PositionServiceClient } from '../../proto/gen/exitlane/v1/position_service.js';
import { QueueServiceClient } from '../../proto/gen/exitlane/v1/queue_service.js';
import { SystemServiceClient } from '../../proto/gen/exitlane/v1/system_service.js';
import { connect } from '../../shared/grpc/client.js';

/** The public API, as the console uses it: nothing more than any other client has. */
export interface Clients {
  readonly orders: OrderServiceClient;
  readonly positions: PositionServiceClient;
  readonly queue: QueueServiceClient;
  readonly alerts: AlertServiceClient;
  readonly delivery: DeliveryServiceClient;
  readonly market: MarketServiceClient;
  readonly system: { readonly requestor: SystemServiceClient; readonly processor: SystemServiceClient };
  close(): void;
}

/** @param addresses `host:port` each */
export function connectClients(addresses: { readonly requestor: string; readonly processor: string }): Clients {
  const { requestor, processor } = addresses;
  const clients = {
    orders: connect(OrderServiceClient, requestor),
    positions: connect(PositionServiceClient, requestor),
    queue: connect(QueueServiceClient, requestor),
    alerts: connect(AlertServiceClient, requestor),
    delivery: connect(DeliveryServiceClient, processor),
    market: connect(MarketServiceClient, processor),
  };
  const system = {
    requestor: connect(SystemServiceClient, requestor),
    processor: connect(SystemServiceClient, processor),
  };
  return {
    ...clients,
    system,
    close() {
      for (const client of [...Object.values(clients), ...Object.values(system)]) client.close();
    },
  };
}
