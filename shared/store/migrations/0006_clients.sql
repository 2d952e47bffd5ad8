-- Up Migration

-- Whose an order is: the client that submitted it, an exit's its position's. Who may not see a client's orders is told there are none.
ALTER TABLE orders ADD COLUMN client text NOT NULL DEFAULT '';
ALTER TABLE positions ADD COLUMN client text NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN client text NOT NULL DEFAULT '';

-- The call that made the order, so that one id finds it in the logs of every service that touched it; empty for what the exit manager made.
ALTER TABLE orders ADD COLUMN request_id text NOT NULL DEFAULT '';

-- Who may see their own only reads lists from these, newest first; without them a client with few rows reads everybody's.
CREATE INDEX orders_by_client ON orders (client, order_id);
CREATE INDEX positions_by_client ON positions (client, position_id);
CREATE INDEX alerts_by_client ON alerts (client, alert_id);

-- The audit log grows for ever and is asked for rare entries: who, for whom, by which method, about what.
CREATE INDEX audit_by_actor ON audit_entries (actor, entry_id);
CREATE INDEX audit_by_acting_for ON audit_entries (acting_for, entry_id) WHERE acting_for <> '';
CREATE INDEX audit_by_method ON audit_entries (split_part(action, '/', 2), entry_id);
CREATE INDEX audit_by_position ON audit_entries ((detail ->> 'position_id')) WHERE detail ->> 'position_id' IS NOT NULL;
CREATE INDEX audit_by_order_req_id ON audit_entries ((detail ->> 'order_req_id')) WHERE detail ->> 'order_req_id' IS NOT NULL;
CREATE INDEX audit_by_time ON audit_entries (created_at);
