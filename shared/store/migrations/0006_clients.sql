-- Up Migration

-- Whose an order is: the client that submitted it, an exit's its position's. Who may not see a client's orders is told there are none.
ALTER TABLE orders ADD COLUMN client text NOT NULL DEFAULT '';
ALTER TABLE positions ADD COLUMN client text NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN client text NOT NULL DEFAULT '';

-- The call that made the order, so that one id finds it in the logs of every service that touched it; empty for what the exit manager made.
ALTER TABLE orders ADD COLUMN request_id text NOT NULL DEFAULT '';
