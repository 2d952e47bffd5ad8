-- Up Migration

-- What the watch over an open position must remember across restarts (X9, X10): how far each trigger of the plan has come, and
-- the last accepted price. The version grows with every change of the plan: what was decided under an older plan is not written.
ALTER TABLE positions
  ADD COLUMN exit_state jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN exit_plan_version integer NOT NULL DEFAULT 1,
  ADD COLUMN current_price numeric CHECK (current_price > 0),
  ADD COLUMN current_price_at timestamptz,
  ADD COLUMN current_price_source text NOT NULL DEFAULT '',
  ADD CONSTRAINT positions_price_has_a_time CHECK ((current_price IS NULL) = (current_price_at IS NULL));
-- The watch reads the open ones page by page.
CREATE INDEX positions_watched ON positions (position_id) WHERE status <> 'CLOSED';

-- Things a person should know or do (X12).
CREATE TABLE alerts (
  alert_id uuid PRIMARY KEY,
  alert_type text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('INFO', 'WARNING', 'CRITICAL')),
  status text NOT NULL CHECK (status IN ('OPEN', 'ACKNOWLEDGED', 'RESOLVED')),
  title text NOT NULL,
  message text NOT NULL,
  -- What it is about: an order, a position, a token, or none of them.
  order_id uuid REFERENCES orders,
  position_id uuid REFERENCES positions,
  mint text,
  symbol text NOT NULL DEFAULT '',
  -- Failed executions behind it, where that means something.
  attempts integer,
  requires_action boolean NOT NULL,
  metadata jsonb NOT NULL DEFAULT '{}',
  -- Names the fact: while an alert of it is not resolved, the same fact raises no second one but is counted in repeats.
  dedup_key text NOT NULL,
  repeats integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  last_raised_at timestamptz NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by text NOT NULL DEFAULT '',
  acknowledge_note text NOT NULL DEFAULT '',
  resolved_at timestamptz,
  resolved_by text NOT NULL DEFAULT '',
  resolve_note text NOT NULL DEFAULT '',
  CONSTRAINT alerts_acknowledged_by_someone CHECK ((acknowledged_at IS NULL) = (acknowledged_by = '')),
  CONSTRAINT alerts_resolved_by_someone CHECK ((resolved_at IS NULL) = (resolved_by = '')),
  CONSTRAINT alerts_status_has_a_time CHECK (CASE status
    WHEN 'OPEN' THEN acknowledged_at IS NULL AND resolved_at IS NULL
    WHEN 'ACKNOWLEDGED' THEN acknowledged_at IS NOT NULL AND resolved_at IS NULL
    ELSE resolved_at IS NOT NULL END)
);
CREATE UNIQUE INDEX alerts_one_per_fact ON alerts (dedup_key) WHERE status <> 'RESOLVED';
CREATE INDEX alerts_unresolved ON alerts (alert_id) WHERE status <> 'RESOLVED';
-- Asked for every entry: does something critical stand against this token?
CREATE INDEX alerts_critical_by_mint ON alerts (mint) WHERE status <> 'RESOLVED' AND severity = 'CRITICAL';

-- News of alerts on their way out. One row per change is written with the change itself, for nobody in particular (sender '');
-- a requestor, which knows the senders, replaces it by one row for each of them.
CREATE TABLE alert_outbox (
  -- Also the idempotency key that receivers see: a repeat has the same.
  delivery_id uuid PRIMARY KEY,
  alert_id uuid NOT NULL REFERENCES alerts,
  event text NOT NULL CHECK (event IN ('RAISED', 'ACKNOWLEDGED', 'RESOLVED')),
  sender text NOT NULL,
  silent boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  -- When it may be taken next. Whoever takes it moves this on, and so has it for himself until then.
  due_at timestamptz NOT NULL,
  -- Counts the takings; what a taker writes afterwards holds only if nobody took it since.
  attempts integer NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  done_at timestamptz,
  outcome text NOT NULL DEFAULT 'WAITING' CHECK (outcome IN ('WAITING', 'SENT', 'GIVEN_UP')),
  CONSTRAINT alert_outbox_once UNIQUE (alert_id, event, sender),
  CONSTRAINT alert_outbox_outcome_has_a_time CHECK ((done_at IS NULL) = (outcome = 'WAITING'))
);
CREATE INDEX alert_outbox_due ON alert_outbox (due_at) WHERE done_at IS NULL;
