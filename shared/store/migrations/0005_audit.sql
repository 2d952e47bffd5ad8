-- Up Migration

-- Who changed what by a call (O1): one row per change, written by the transaction that makes the change. Rows are linked afterwards
-- by a hash chain (sequence, hash), so that commits never wait for each other; see docs/audit.md for the form that is hashed.
CREATE TABLE audit_entries (
  entry_id uuid PRIMARY KEY,
  created_at timestamptz NOT NULL,
  actor text NOT NULL,
  acting_for text NOT NULL,
  role text NOT NULL,
  client text NOT NULL,
  peer text NOT NULL,
  -- `OrderService/SubmitOrder`.
  action text NOT NULL,
  -- Id of the order, position or alert; empty if there is none.
  subject text NOT NULL,
  -- Short facts: names and strings.
  detail jsonb NOT NULL CHECK (jsonb_typeof(detail) = 'object'),
  request_id text NOT NULL,
  -- NULL until the entry is sealed.
  sequence bigint UNIQUE CHECK (sequence > 0),
  -- SHA-256 over the entry and the hash before it, hexadecimal.
  hash text CHECK (hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT audit_sealed_whole CHECK ((sequence IS NULL) = (hash IS NULL)),
  -- What the hash covers is told in milliseconds: nothing may stand below them.
  CONSTRAINT audit_whole_milliseconds CHECK (created_at = date_trunc('milliseconds', created_at))
);
CREATE INDEX audit_unsealed ON audit_entries (created_at, entry_id) WHERE sequence IS NULL;
CREATE INDEX audit_by_subject ON audit_entries (subject);
CREATE INDEX audit_by_request ON audit_entries (request_id);

-- The end of the chain. Whoever seals holds this row, so that one chain grows at one end.
CREATE TABLE audit_head (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  sequence bigint NOT NULL DEFAULT 0,
  hash text NOT NULL DEFAULT repeat('0', 64),
  sealed_at timestamptz
);
INSERT INTO audit_head DEFAULT VALUES;

-- Append-only for everybody who may not switch triggers off; who may is found out by the chain.
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only: % of % is refused', TG_OP, TG_TABLE_NAME;
END $$;

CREATE FUNCTION audit_only_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.sequence IS NULL AND NEW.sequence IS NOT NULL
    AND to_jsonb(NEW) - 'sequence' - 'hash' = to_jsonb(OLD) - 'sequence' - 'hash' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only: entry % may only be sealed, once', OLD.entry_id;
END $$;

CREATE FUNCTION audit_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.sequence > OLD.sequence THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only: its head may not go from % to %', OLD.sequence, NEW.sequence;
END $$;

CREATE TRIGGER audit_entries_update BEFORE UPDATE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_only_seal();
CREATE TRIGGER audit_entries_delete BEFORE DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_entries_truncate BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_only_forward();
CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_truncate BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- The call that set the trading state, as orders have theirs; empty if no call did.
ALTER TABLE scheduler ADD COLUMN request_id text NOT NULL DEFAULT '';

-- X11, S6: a request that made no order, since a sent exit has all the tokens, is remembered under its order_req_id: a repeat gets the
-- same answer, and the order that is made when the sent exit dies is that request's own.
ALTER TABLE exit_follows
  -- Empty: what follows is one more order of a request that has its own already.
  ADD COLUMN order_req_id text NOT NULL DEFAULT '',
  ADD COLUMN payload_hash text NOT NULL DEFAULT '',
  ADD COLUMN request_id text NOT NULL DEFAULT '';
CREATE TABLE exit_wishes (
  order_req_id text PRIMARY KEY,
  payload_hash text NOT NULL,
  -- The exit that has the tokens: the sent one, or the one that was made when it died.
  order_id uuid NOT NULL REFERENCES orders,
  client text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX exit_wishes_by_order ON exit_wishes (order_id);
