-- Up Migration

-- The best waiting exit, found without looking at entries that are as urgent: those may be many, and none of them goes before an exit.
CREATE INDEX orders_waiting_exits ON orders (priority, created_at, order_id) WHERE status = 'PENDING' AND order_type = 'EXIT';
