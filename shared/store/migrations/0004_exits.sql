-- Up Migration

-- The most that slippage may step up to, from attempt to attempt (X11). NULL: max_slippage_bps is the client's word and stays.
ALTER TABLE orders ADD COLUMN slippage_cap_bps integer
  CHECK (slippage_cap_bps IS NULL OR (slippage_cap_bps BETWEEN max_slippage_bps AND 10000));

-- A more urgent exit came when this one was sent already: if it dies, its tokens are sold with that urgency instead (X11).
CREATE TABLE exit_follows (
  order_id uuid PRIMARY KEY REFERENCES orders,
  priority smallint NOT NULL,
  exit_reason text NOT NULL,
  emergency boolean NOT NULL,
  expected_price numeric,
  max_slippage_bps integer NOT NULL,
  slippage_cap_bps integer,
  max_attempts integer NOT NULL,
  created_at timestamptz NOT NULL
);

-- What an entry was made from, when it was a signal (X13): its strength and reason, as they came.
ALTER TABLE orders ADD COLUMN signal_score double precision, ADD COLUMN signal_reason text NOT NULL DEFAULT '';
