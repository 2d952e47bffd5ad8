-- Up Migration

-- P8: slots that entries may not take, and slots beyond the maximum that only an emergency exit may take.
ALTER TABLE scheduler
  ADD COLUMN exit_reserved integer NOT NULL DEFAULT 0 CHECK (exit_reserved BETWEEN 0 AND 1000),
  ADD COLUMN emergency_extra integer NOT NULL DEFAULT 0 CHECK (emergency_extra BETWEEN 0 AND 1000);

-- When the order last gave its slot back; with submitted_at it tells how long slots are held, from which waits are estimated.
ALTER TABLE orders ADD COLUMN slot_released_at timestamptz;

-- Arrivals by level are counted from the index alone.
DROP INDEX orders_by_arrival;
CREATE INDEX orders_by_arrival ON orders (created_at, priority);

-- Entries wait at level 100 unless somebody marked them as emergencies; those are few and counted by themselves.
CREATE INDEX orders_emergency_entries ON orders (order_id) WHERE status = 'PENDING' AND emergency AND order_type = 'ENTRY';
CREATE INDEX orders_watched ON orders (order_id) WHERE status = 'CONFIRMING' AND NOT holds_slot;
