-- Up Migration

-- One row: who cleans up holds it, so that two processes never do the same work; and what was removed is known to who checks the rest.
CREATE TABLE retention (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  -- Finished orders up to this one, by (updated_at, order_id), have only their last message left.
  messages_until timestamptz NOT NULL DEFAULT '-infinity',
  messages_order_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  messages_removed bigint NOT NULL DEFAULT 0,
  orders_removed bigint NOT NULL DEFAULT 0,
  ran_at timestamptz
);
INSERT INTO retention DEFAULT VALUES;

-- Finished orders by the end of their lives, read from the left end page by page.
DROP INDEX orders_by_end;
CREATE INDEX orders_by_end ON orders (updated_at, order_id) WHERE status IN ('FILLED', 'CANCELLED');

-- Asked for each order that is to be removed.
CREATE INDEX alerts_by_order ON alerts (order_id) WHERE order_id IS NOT NULL;
