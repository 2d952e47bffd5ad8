-- Up Migration

-- Time that decides anything (leases, retries, expiry) comes from exitlane_now() alone. Tests put a row into clock_override.
CREATE TABLE clock_override (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  fixed_at timestamptz NOT NULL
);

CREATE FUNCTION exitlane_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
$$ SELECT coalesce((SELECT fixed_at FROM clock_override WHERE id = 1), clock_timestamp()) $$;

-- Changes only when the log was lost or restored; streams tell it first.
CREATE TABLE log_epoch (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  epoch uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO log_epoch DEFAULT VALUES;

-- One row: claims lock it, so that order and limit are exact across requestors.
CREATE TABLE scheduler (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  trading_state text NOT NULL DEFAULT 'ACTIVE' CHECK (trading_state IN ('ACTIVE', 'EXITS_ONLY', 'HALTED')),
  changed_by text NOT NULL DEFAULT 'exitlane',
  change_reason text NOT NULL DEFAULT 'initial state',
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  max_concurrent integer NOT NULL DEFAULT 3 CHECK (max_concurrent BETWEEN 1 AND 1000),
  dispatched bigint NOT NULL DEFAULT 0
);
INSERT INTO scheduler DEFAULT VALUES;

-- Totals that would otherwise need a count over all orders. A row of its own, so that ending an order never waits for a claim.
CREATE TABLE order_totals (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  ended bigint NOT NULL DEFAULT 0
);
INSERT INTO order_totals DEFAULT VALUES;

-- Decimals never change once a mint exists; symbols are for people.
CREATE TABLE mints (
  mint text PRIMARY KEY,
  decimals smallint NOT NULL CHECK (decimals BETWEEN 0 AND 255),
  symbol text NOT NULL DEFAULT ''
);

CREATE TABLE positions (
  position_id uuid PRIMARY KEY,
  entry_order_id uuid NOT NULL UNIQUE,
  mint text NOT NULL,
  symbol text NOT NULL,
  decimals smallint NOT NULL,
  is_simulated boolean NOT NULL,
  status text NOT NULL CHECK (status IN ('OPEN', 'EXIT_PENDING', 'PARTIAL_EXIT', 'CLOSED')),
  -- Base units throughout: lamports and the mint's smallest unit.
  entry_lamports numeric(20, 0) NOT NULL CHECK (entry_lamports > 0),
  entry_tokens numeric(20, 0) NOT NULL CHECK (entry_tokens > 0),
  entry_price numeric NOT NULL,
  sold_tokens numeric(20, 0) NOT NULL DEFAULT 0 CHECK (sold_tokens >= 0),
  reserved_tokens numeric(20, 0) NOT NULL DEFAULT 0 CHECK (reserved_tokens >= 0),
  proceeds_lamports numeric(20, 0) NOT NULL DEFAULT 0,
  realized_pnl_lamports numeric(21, 0) NOT NULL DEFAULT 0,
  fee_lamports numeric(20, 0) NOT NULL DEFAULT 0,
  dust_tokens numeric(20, 0) NOT NULL DEFAULT 0,
  exit_reason text NOT NULL DEFAULT '',
  exit_blocker text NOT NULL DEFAULT '',
  last_exit_order_id uuid,
  last_exit_price numeric,
  last_exit_at timestamptz,
  exit_plan jsonb NOT NULL DEFAULT '{}',
  opened_at timestamptz NOT NULL,
  closed_at timestamptz,
  updated_at timestamptz NOT NULL,
  CONSTRAINT positions_never_oversold CHECK (sold_tokens + reserved_tokens <= entry_tokens)
);
CREATE INDEX positions_open ON positions (mint) WHERE status <> 'CLOSED';

CREATE TABLE orders (
  order_id uuid PRIMARY KEY,
  order_req_id text NOT NULL UNIQUE,
  -- SHA-256 of the request as it was understood; decides between "the same again" and ALREADY_EXISTS.
  payload_hash text NOT NULL,
  order_type text NOT NULL CHECK (order_type IN ('ENTRY', 'EXIT')),
  priority smallint NOT NULL,
  emergency boolean NOT NULL,
  mint text NOT NULL,
  symbol text NOT NULL,
  decimals smallint NOT NULL,
  requested_lamports numeric(20, 0),
  requested_tokens numeric(20, 0),
  expected_price numeric,
  max_slippage_bps integer NOT NULL CHECK (max_slippage_bps BETWEEN 1 AND 10000),
  position_id uuid REFERENCES positions,
  exit_reason text NOT NULL DEFAULT '',
  exit_plan jsonb NOT NULL DEFAULT '{}',
  is_simulated boolean NOT NULL,
  status text NOT NULL CHECK (status IN ('PENDING', 'SUBMITTED', 'CONFIRMING', 'FILLED', 'FAILED', 'CANCELLED')),
  reason text NOT NULL DEFAULT '',
  tx_signature text NOT NULL DEFAULT '',
  attempt_count integer NOT NULL DEFAULT 0,
  max_attempts integer NOT NULL,
  last_error text NOT NULL DEFAULT '',
  filled_lamports numeric(20, 0),
  filled_tokens numeric(20, 0),
  fee_lamports numeric(20, 0),
  -- SOL that went into (or, negative, came back from) deposits of the wallet's own token accounts: neither price nor fee.
  rent_lamports numeric(20, 0),
  actual_price numeric,
  slippage_bps integer,
  created_at timestamptz NOT NULL,
  -- When it last became PENDING: accepted, or due for a retry. Waits are measured from here, seniority from created_at.
  queued_at timestamptz NOT NULL,
  submitted_at timestamptz,
  filled_at timestamptz,
  updated_at timestamptz NOT NULL,
  expires_at timestamptz,
  next_retry_at timestamptz,
  -- Grows with every claim, takeover and dial; a write with an old fence changes nothing.
  fence bigint NOT NULL DEFAULT 0,
  lease_owner text,
  lease_until timestamptz,
  holds_slot boolean NOT NULL DEFAULT false,
  dispatch_sequence bigint NOT NULL DEFAULT 0,
  CONSTRAINT orders_entry_spends_sol CHECK (order_type <> 'ENTRY' OR (requested_lamports > 0 AND requested_tokens IS NULL)),
  CONSTRAINT orders_exit_sells_tokens CHECK (order_type <> 'EXIT' OR (requested_tokens > 0 AND position_id IS NOT NULL AND exit_reason <> '')),
  CONSTRAINT orders_slot_only_while_running CHECK (NOT holds_slot OR status IN ('SUBMITTED', 'CONFIRMING')),
  CONSTRAINT orders_fill_is_complete CHECK (status <> 'FILLED' OR (filled_lamports IS NOT NULL AND filled_tokens IS NOT NULL AND actual_price IS NOT NULL AND filled_at IS NOT NULL)),
  CONSTRAINT orders_retry_has_a_time CHECK (status <> 'FAILED' OR next_retry_at IS NOT NULL)
);
-- The claim reads this from its left end; without it the whole backlog would be sorted for every claim.
CREATE INDEX orders_waiting ON orders (priority, created_at, order_id) WHERE status = 'PENDING';
CREATE INDEX orders_slots ON orders (order_id) WHERE holds_slot;
CREATE INDEX orders_leases ON orders (lease_until) WHERE lease_owner IS NOT NULL;
CREATE INDEX orders_retries ON orders (next_retry_at) WHERE status = 'FAILED';
CREATE INDEX orders_expiries ON orders (expires_at) WHERE status = 'PENDING' AND expires_at IS NOT NULL;
CREATE INDEX orders_by_position ON orders (position_id, order_id) WHERE position_id IS NOT NULL;
CREATE INDEX orders_by_status ON orders (status, order_id);
CREATE INDEX orders_by_arrival ON orders (created_at);
CREATE INDEX orders_by_end ON orders (updated_at) WHERE status IN ('FILLED', 'CANCELLED');
CREATE INDEX orders_by_dispatch ON orders (dispatch_sequence) WHERE dispatch_sequence > 0;

ALTER TABLE positions ADD CONSTRAINT positions_entry_order FOREIGN KEY (entry_order_id) REFERENCES orders (order_id);

-- Message counters live in a row of their own, so that messages never block a claim.
CREATE TABLE order_sequences (
  order_id uuid PRIMARY KEY REFERENCES orders,
  earliest bigint NOT NULL DEFAULT 1,
  head bigint NOT NULL DEFAULT 0
);

CREATE TABLE order_messages (
  order_id uuid NOT NULL REFERENCES orders,
  sequence bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('status', 'proposal')),
  text text NOT NULL,
  body jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (order_id, sequence)
);

CREATE TABLE attempts (
  order_id uuid NOT NULL REFERENCES orders,
  number integer NOT NULL,
  signature text NOT NULL UNIQUE,
  -- The signed bytes: what may be sent again and again. Empty for simulated attempts.
  raw_transaction bytea NOT NULL,
  blockhash text NOT NULL,
  last_valid_block_height bigint NOT NULL,
  quote jsonb NOT NULL,
  proposal_id text NOT NULL,
  fence bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('PERSISTED', 'SENT', 'SEEN', 'LANDED', 'LANDED_FAILED', 'DEAD')),
  slot bigint,
  -- What the network took, of landed attempts, failed ones included.
  fee_lamports numeric(20, 0),
  error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
  seen_at timestamptz,
  resolved_at timestamptz,
  PRIMARY KEY (order_id, number)
);
-- At most one attempt of an order lands, and at most one is unresolved.
CREATE UNIQUE INDEX attempts_one_landed ON attempts (order_id) WHERE state = 'LANDED';
CREATE UNIQUE INDEX attempts_one_open ON attempts (order_id) WHERE state IN ('PERSISTED', 'SENT', 'SEEN');

CREATE TABLE proposals (
  order_id uuid NOT NULL REFERENCES orders,
  proposal_id text NOT NULL,
  source text NOT NULL,
  state text NOT NULL CHECK (state IN ('NEW', 'ACCEPTED', 'REJECTED', 'EXPIRED')),
  lamports numeric(20, 0) NOT NULL,
  tokens numeric(20, 0) NOT NULL,
  price numeric NOT NULL,
  note text NOT NULL DEFAULT '',
  expires_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (order_id, proposal_id)
);
CREATE INDEX proposals_expiring ON proposals (expires_at) WHERE state = 'NEW' AND expires_at IS NOT NULL;
