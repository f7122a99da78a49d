-- A restored backup (or a failover to a lagging replica): how it is noticed, and the way back.

-- One row for each that was noticed or declared. At most one is open: while it is, nothing is planned, failed or dispatched.
CREATE TABLE restores (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  detected_at timestamptz NOT NULL DEFAULT payment_now(),
  -- What gave it away, by kind and subject: {"offsets task.completed/3": {"stored": "5", "known": "9"}}.
  signs jsonb NOT NULL DEFAULT '{}',
  -- When our own output topics had been read to their ends for the first time since.
  topics_read_at timestamptz,
  outcomes_adopted bigint NOT NULL DEFAULT 0,
  closed_at timestamptz,
  -- restored: the operator confirmed it. dismissed: there was none, such as an operator's wallet that was used by hand.
  verdict text CHECK (verdict IN ('restored', 'dismissed')),
  closed_by text,
  closed_reason text,
  CHECK (num_nulls(closed_at, verdict, closed_by, closed_reason) IN (0, 4))
);
CREATE UNIQUE INDEX restores_one_open ON restores ((true)) WHERE closed_at IS NULL;

-- Up to where this database knows its own output topics. Moved by the relay, record by record that it published, and by
-- whoever reads what lies behind it.
CREATE TABLE own_offsets (
  topic text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL CHECK (next_offset >= 0),
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- Terminal events that our own topics have and this database had forgotten. No foreign key: their payments may be
-- forgotten too, and are looked up here when they are accepted again. Never deleted.
CREATE TABLE announced_outcomes (
  event_id uuid PRIMARY KEY,
  payment_id uuid NOT NULL,
  generation integer NOT NULL CHECK (generation >= 1),
  kind text NOT NULL CHECK (kind IN ('completed', 'failed')),
  -- Of a failure.
  code text,
  message text,
  retryable boolean,
  -- The Paid, or the Voided that closed the generation; null: nothing had ever been sent for it.
  tx_hash text,
  topic text NOT NULL,
  partition integer NOT NULL,
  record_offset bigint NOT NULL,
  adopted_at timestamptz NOT NULL DEFAULT payment_now(),
  CHECK ((kind = 'failed') = (code IS NOT NULL AND message IS NOT NULL AND retryable IS NOT NULL))
);
CREATE INDEX announced_outcomes_payment ON announced_outcomes (payment_id, generation);

-- The highest nonce that was ever used, compared with the chain's every minute.
CREATE INDEX transactions_nonce ON transactions (operator, nonce) WHERE nonce IS NOT NULL;
