-- The tables of docs/payment-states.md. Uniqueness and state are enforced here, not only by code.

-- The only clock of SQL: a simulation replaces this one function and has time under control.
CREATE FUNCTION payment_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
  AS 'SELECT statement_timestamp()';

-- Lengths are checked apart: a bounded repetition in the pattern makes each check 3 to 20 times dearer.
CREATE DOMAIN address AS text CHECK (length(VALUE) = 42 AND VALUE ~ '^0x[0-9a-f]+$');
-- Not called "money": pg_catalog has a type of that name, with two decimals, and it would win.
CREATE DOMAIN token_amount AS numeric(20, 6);
CREATE DOMAIN opaque_id AS text CHECK (length(VALUE) <= 128 AND VALUE ~ '^[\x21-\x7e]+$');

-- One row: the chain and the PayOnce instance that this database belongs to. A new instance has empty slots,
-- so pointing an old database at it could pay everything again; start-up refuses.
CREATE TABLE deployment (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  chain_id bigint NOT NULL,
  pay_once address NOT NULL,
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  -- Payments older than this were seen before a restored backup: "nothing was ever sent" is no proof for them.
  restored_at timestamptz
);

-- Directory: what an event is checked against.
CREATE TABLE platforms (
  id opaque_id PRIMARY KEY,
  name text NOT NULL,
  wallet_address address NOT NULL,
  task_source text NOT NULL DEFAULT 'directory' CHECK (task_source IN ('directory', 'event')),
  fee_percentage numeric(7, 4) CHECK (fee_percentage >= 0 AND fee_percentage < 100),
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  updated_at timestamptz NOT NULL DEFAULT payment_now()
);

CREATE TABLE workers (
  id opaque_id PRIMARY KEY,
  name text,
  wallet_address address,
  reputation bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  updated_at timestamptz NOT NULL DEFAULT payment_now()
);

CREATE TABLE tasks (
  platform_id opaque_id NOT NULL REFERENCES platforms,
  id opaque_id NOT NULL,
  worker_id opaque_id NOT NULL,
  amount token_amount NOT NULL CHECK (amount > 0),
  currency text NOT NULL,
  status text NOT NULL
    CHECK (status IN ('created', 'assigned', 'in_progress', 'completed', 'paid', 'disputed', 'cancelled')),
  paid_by uuid,
  paid_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  updated_at timestamptz NOT NULL DEFAULT payment_now(),
  PRIMARY KEY (platform_id, id),
  CHECK ((status = 'paid') = (paid_by IS NOT NULL))
);

CREATE TABLE payments (
  id uuid PRIMARY KEY,
  platform_id opaque_id NOT NULL,
  task_id opaque_id NOT NULL,
  worker_id opaque_id NOT NULL,
  amount token_amount NOT NULL CHECK (amount > 0),
  currency text NOT NULL,
  idempotency_key opaque_id NOT NULL,
  source_event_id opaque_id NOT NULL,
  bulk_id uuid,
  origin text NOT NULL DEFAULT 'live' CHECK (origin IN ('live', 'replay')),

  state text NOT NULL CHECK (state IN ('accepted', 'planned', 'voiding', 'review', 'completed', 'failed')),
  generation integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
  -- What dispatch sends for it: pay, void, or nothing (terminal, accepted, or contradicting evidence).
  intent text CHECK (intent IN ('pay', 'void')),

  -- Fixed when first planned, over all generations.
  rail text CHECK (rail IN ('circle', 'arc')),
  method text CHECK (method IN ('payonce')),
  chain_id bigint,
  pay_once address,
  -- The terms of this generation; those of older ones stay in transaction_items.
  payer address,
  token address,
  recipient address,
  net_amount token_amount,
  fee token_amount,

  -- Tries that were answered and did not pay, in this generation.
  tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
  next_attempt_at timestamptz,
  -- The open send it travels in; null: waiting.
  transaction_id uuid,
  -- After a batch reverted or was refused as a whole: it may only travel in batches up to this size.
  batch_cap integer CHECK (batch_cap >= 1),
  -- The first committed send of this generation. From then on only Voided fails it.
  first_sent_at timestamptz,
  -- When unanswered doubt goes to review; null while nothing is in doubt.
  review_at timestamptz,
  doubt_reason text,
  doubt_since timestamptz,
  last_checked_at timestamptz,

  -- The reason of a failure, or the one that a void in progress will have.
  failure_code text,
  failure_message text,
  failure_retryable boolean,

  operator address,
  tx_hash text,
  block_number bigint,
  log_index integer,
  circle_transaction_id text,
  void_tx_hash text,

  traceparent text,
  occurred_at timestamptz NOT NULL,
  -- When Kafka's client handed the record over, or the HTTP request came in.
  received_at timestamptz NOT NULL,
  accepted_at timestamptz NOT NULL DEFAULT payment_now(),
  planned_at timestamptz,
  sent_at timestamptz,
  submitted_at timestamptz,
  followed_at timestamptz,
  settled_at timestamptz,

  UNIQUE (platform_id, task_id),
  UNIQUE (platform_id, idempotency_key),
  CHECK (net_amount > 0 AND fee >= 0 AND net_amount + fee = amount),
  CHECK (state NOT IN ('planned', 'voiding', 'completed') OR
         (rail IS NOT NULL AND method IS NOT NULL AND chain_id IS NOT NULL AND pay_once IS NOT NULL AND payer IS NOT NULL
          AND token IS NOT NULL AND recipient IS NOT NULL AND net_amount IS NOT NULL)),
  CHECK (state <> 'planned' OR intent = 'pay'),
  CHECK (state <> 'voiding' OR intent = 'void'),
  CHECK (state NOT IN ('accepted', 'completed', 'failed') OR (intent IS NULL AND transaction_id IS NULL)),
  CHECK ((state IN ('completed', 'failed')) = (settled_at IS NOT NULL)),
  CHECK (state <> 'completed' OR (tx_hash IS NOT NULL AND block_number IS NOT NULL AND log_index IS NOT NULL)),
  CHECK (state NOT IN ('failed', 'voiding') OR (failure_code IS NOT NULL AND failure_message IS NOT NULL AND failure_retryable IS NOT NULL)),
  CHECK (state <> 'failed' OR first_sent_at IS NULL OR void_tx_hash IS NOT NULL),
  CHECK (state <> 'review' OR (doubt_reason IS NOT NULL AND doubt_since IS NOT NULL))
) WITH (fillfactor = 70);

-- Dispatch walks this queue by queue (payer, token, platform), so that one payer's backlog never hides another's
-- payment, and neither an unfunded token's nor a paused platform's backlog is ever read through.
CREATE INDEX payments_due ON payments (intent, rail, payer, token, platform_id, next_attempt_at)
  WHERE intent IS NOT NULL AND transaction_id IS NULL;
-- For the sweep that looks through what waits for evidence that is stored already.
CREATE INDEX payments_waiting ON payments (id) WHERE intent IS NOT NULL AND transaction_id IS NULL;
CREATE INDEX payments_accepted_due ON payments (next_attempt_at) WHERE state = 'accepted';
-- Doubt exists only while a payment travels: parked and paused ones do not.
CREATE INDEX payments_review_at ON payments (review_at) WHERE review_at IS NOT NULL AND transaction_id IS NOT NULL;
CREATE INDEX payments_by_worker ON payments (worker_id, accepted_at DESC, id DESC);
CREATE INDEX payments_by_transaction ON payments (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX payments_in_review ON payments (doubt_since) WHERE state = 'review';

-- One terminal event per generation, whatever the outbox forgets. Never deleted.
CREATE TABLE payment_outcomes (
  payment_id uuid NOT NULL REFERENCES payments,
  generation integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('completed', 'failed')),
  code text,
  event_id uuid NOT NULL UNIQUE,
  decided_at timestamptz NOT NULL DEFAULT payment_now(),
  PRIMARY KEY (payment_id, generation)
);

-- A send: one call of PayOnce, stored before anything leaves.
CREATE TABLE transactions (
  id uuid PRIMARY KEY,
  rail text NOT NULL CHECK (rail IN ('circle', 'arc')),
  chain_id bigint NOT NULL,
  pay_once address NOT NULL,
  operator address NOT NULL,
  kind text NOT NULL CHECK (kind IN ('pay', 'void')),
  item_count integer NOT NULL CHECK (item_count > 0),
  calldata text NOT NULL CHECK (calldata ~ '^0x[0-9a-f]+$'),
  gas_limit bigint NOT NULL CHECK (gas_limit > 0),
  -- open: may still be mined. mined: its logs were followed. reverted, dead: it moved nothing, its payments went on.
  -- abandoned: nobody knows; its payments are in review, and its logs are adopted whenever they appear.
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'mined', 'reverted', 'dead', 'abandoned')),
  -- circle
  wallet_id text,
  idempotency_key uuid UNIQUE,
  circle_id text UNIQUE,
  circle_state text,
  -- arc
  nonce bigint CHECK (nonce >= 0),
  max_fee_per_gas numeric(78, 0),
  raw text,
  -- Every hash ever signed for this nonce, newest last; for circle, the one that Circle reports.
  hashes text[] NOT NULL DEFAULT '{}',
  error_code text,
  error_detail text,
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  submitted_at timestamptz,
  closed_at timestamptz,
  tx_hash text,
  block_number bigint,
  CHECK (rail <> 'circle' OR (wallet_id IS NOT NULL AND idempotency_key IS NOT NULL)),
  CHECK (rail <> 'arc' OR (nonce IS NOT NULL AND raw IS NOT NULL AND cardinality(hashes) > 0)),
  CHECK ((state = 'open') = (closed_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX transactions_open ON transactions (operator, nonce) WHERE state = 'open';
CREATE UNIQUE INDEX transactions_open_nonce ON transactions (chain_id, operator, nonce) WHERE state = 'open' AND nonce IS NOT NULL;
CREATE INDEX transactions_closed ON transactions (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX transactions_hashes ON transactions USING gin (hashes);

-- What each send carries: the terms of that generation, and what came of it.
CREATE TABLE transaction_items (
  transaction_id uuid NOT NULL REFERENCES transactions,
  position integer NOT NULL,
  payment_id uuid NOT NULL REFERENCES payments,
  generation integer NOT NULL,
  payer address NOT NULL,
  token address NOT NULL,
  recipient address NOT NULL,
  amount token_amount NOT NULL,
  outcome text CHECK (outcome IN ('paid', 'refused', 'skipped', 'voided', 'reverted', 'dead', 'abandoned')),
  PRIMARY KEY (transaction_id, position),
  UNIQUE (transaction_id, payment_id)
) WITH (fillfactor = 80);
CREATE INDEX transaction_items_payment ON transaction_items (payment_id);

CREATE TABLE reputation_events (
  payment_id uuid PRIMARY KEY REFERENCES payments,
  worker_id opaque_id NOT NULL,
  platform_id opaque_id NOT NULL,
  task_id opaque_id NOT NULL,
  points integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT payment_now()
);

CREATE TABLE audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT payment_now(),
  -- 'system', 'operator:<name>'; text, because an actor is not always a row somewhere.
  actor text NOT NULL,
  action text NOT NULL,
  payment_id uuid,
  generation integer,
  details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_payment ON audit_log (payment_id) WHERE payment_id IS NOT NULL;
CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql
  AS $$ BEGIN RAISE EXCEPTION 'audit_log is append-only'; END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();

-- Every event id ever seen, duplicates included. Topic, partition and offset are notes, not keys.
CREATE TABLE inbox (
  platform_id opaque_id NOT NULL,
  event_id opaque_id NOT NULL,
  payload_hash bytea NOT NULL,
  payment_id uuid NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('new', 'duplicate')),
  topic text,
  partition integer,
  record_offset bigint,
  received_at timestamptz NOT NULL DEFAULT payment_now(),
  PRIMARY KEY (platform_id, event_id)
);

CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id uuid NOT NULL,
  topic text NOT NULL,
  key bytea,
  payload bytea,
  headers jsonb NOT NULL DEFAULT '{}',
  payment_id uuid,
  generation integer,
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  published_at timestamptz,
  -- Kafka will never take this record as it is: it waits for an operator, and its payment's later rows with it.
  refused_at timestamptz,
  refused_reason text,
  CHECK (refused_at IS NULL OR published_at IS NULL)
) WITH (fillfactor = 70);
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_unpublished_payment ON outbox (payment_id, id) WHERE published_at IS NULL AND payment_id IS NOT NULL;

CREATE TABLE dead_letters (
  -- Derived from the record, so that a record read again is the same dead letter.
  id uuid PRIMARY KEY,
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'replayed', 'discarded')),
  code text NOT NULL,
  message text NOT NULL,
  field text,
  platform_id text,
  payment_id uuid,
  topic text,
  partition integer,
  record_offset bigint,
  record_at timestamptz,
  key bytea,
  value bytea,
  headers jsonb NOT NULL DEFAULT '{}',
  value_sha256 bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  closed_at timestamptz,
  closed_by text,
  closed_reason text,
  CHECK ((status = 'open') = (closed_at IS NULL))
);
CREATE INDEX dead_letters_open ON dead_letters (created_at) WHERE status = 'open';

-- The next offset to read, moved in the same commit as the records' effect, by compare-and-set.
CREATE TABLE kafka_offsets (
  topic text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL CHECK (next_offset >= 0),
  updated_at timestamptz NOT NULL DEFAULT payment_now(),
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE chain_cursors (
  chain_id bigint NOT NULL,
  pay_once address NOT NULL,
  block_number bigint NOT NULL,
  block_hash text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT payment_now(),
  PRIMARY KEY (chain_id, pay_once)
) WITH (fillfactor = 50);

-- Every log of our instance, the payment known or not, stored in the commit that moves the cursor.
CREATE TABLE chain_events (
  chain_id bigint NOT NULL,
  pay_once address NOT NULL,
  block_number bigint NOT NULL,
  block_hash text NOT NULL,
  tx_hash text NOT NULL,
  log_index integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('paid', 'refused', 'skipped', 'voided')),
  -- The id as the log has it; payment_id where it can be one of ours.
  ref text NOT NULL,
  payment_id uuid,
  generation bigint NOT NULL,
  payer address,
  recipient address,
  token address,
  -- Micro-units as the chain has them: a foreign Paid may exceed numeric(20,6).
  amount_micros numeric(78, 0),
  -- The token's own Transfer log that proves a Paid.
  transfer_log_index integer,
  reason text,
  slot_paid boolean,
  slot_floor bigint,
  followed_at timestamptz NOT NULL DEFAULT payment_now(),
  PRIMARY KEY (chain_id, tx_hash, log_index)
);
CREATE INDEX chain_events_payment ON chain_events (payment_id) WHERE payment_id IS NOT NULL;

-- Who is waiting for funds: shown to operators; dispatch itself reads the chain.
CREATE TABLE payer_holds (
  payer address NOT NULL,
  token address NOT NULL,
  balance token_amount NOT NULL,
  allowance token_amount NOT NULL,
  since timestamptz NOT NULL DEFAULT payment_now(),
  PRIMARY KEY (payer, token)
);

-- Dispatch stops for '*' (everything) or for one platform; following and settling go on.
CREATE TABLE pauses (
  scope text PRIMARY KEY,
  reason text NOT NULL,
  actor text NOT NULL,
  since timestamptz NOT NULL DEFAULT payment_now()
);
