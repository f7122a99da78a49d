-- oldest service level: 1
-- Live events (docs/decisions/0011): every terminal outcome gets a number in the order of commits, so that whoever has seen
-- number N has seen all up to N. An identity would be given before the commit, and whoever commits late be passed over.

-- The last number given, and the highest of those that are no longer kept.
CREATE TABLE live_sequence (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  last bigint NOT NULL DEFAULT 0,
  forgotten bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO live_sequence DEFAULT VALUES;

-- A restored backup gives numbers again that somebody has seen as other events: each restore begins an epoch of its own,
-- behind the last number that it knows. The name is random: the same backup may be restored twice.
CREATE TABLE live_epochs (
  place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  epoch text NOT NULL UNIQUE DEFAULT substr(gen_random_uuid()::text, 1, 8) CHECK (epoch ~ '^[0-9a-f]{8}$'),
  after bigint NOT NULL,
  began_at timestamptz NOT NULL DEFAULT payment_now()
);
INSERT INTO live_epochs (after) VALUES (0);

-- Outcomes that have no number yet, in the order in which they were written; it is nearly always empty.
CREATE TABLE live_unnumbered (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  payment_id uuid NOT NULL,
  generation integer NOT NULL,
  queued_at timestamptz NOT NULL DEFAULT payment_now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- What each event says, for as long as it is kept: a failed payment may be retried on other terms meanwhile.
CREATE TABLE live_events (
  number bigint PRIMARY KEY,
  numbered_at timestamptz NOT NULL DEFAULT payment_now(),
  event_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('completed', 'failed')),
  decided_at timestamptz NOT NULL,
  payment_id uuid NOT NULL,
  generation integer NOT NULL,
  platform_id opaque_id NOT NULL,
  worker_id opaque_id NOT NULL,
  task_id opaque_id NOT NULL,
  amount token_amount NOT NULL,
  currency text NOT NULL,
  fee token_amount,
  net_amount token_amount,
  tx_hash text,
  latency_ms bigint,
  failure_code text,
  failure_message text,
  failure_retryable boolean
);
CREATE INDEX live_events_platform ON live_events (platform_id, number);
CREATE INDEX live_events_worker ON live_events (worker_id, number);

-- By a trigger, so that no writer of outcomes can leave one out: settlement, acceptance, what a restore adopts, and an older
-- service that runs beside this one, whose login has no right to the queue. One insert for each statement of theirs.
CREATE FUNCTION queue_live_events() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN
  INSERT INTO live_unnumbered (payment_id, generation)
    SELECT payment_id, generation FROM decided ORDER BY generation;
  RETURN NULL;
END $$;
CREATE TRIGGER payment_outcomes_live AFTER INSERT ON payment_outcomes
  REFERENCING NEW TABLE AS decided FOR EACH STATEMENT EXECUTE FUNCTION queue_live_events();

CREATE FUNCTION begin_live_epoch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN
  INSERT INTO live_epochs (after) SELECT last FROM live_sequence;
  RETURN NULL;
END $$;
CREATE TRIGGER restores_live AFTER INSERT ON restores FOR EACH ROW EXECUTE FUNCTION begin_live_epoch();
