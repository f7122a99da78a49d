-- oldest service level: 1
-- What a payment's time is told by, beside the stamps that it has; an older service leaves these null, and what they would
-- part counts to the neighbouring stage.
ALTER TABLE payments
  -- The operator's act that set its clock going: a replay, or a later generation. Null: the event did, at occurred_at.
  ADD COLUMN started_at timestamptz,
  -- When it was settled that it will fail and must first be closed on chain.
  ADD COLUMN void_wanted_at timestamptz,
  -- When the logs of the block that decided it had been read; followed_at is when that block's head was first heard of.
  ADD COLUMN logs_read_at timestamptz;

-- An operator's retry is told from a replayed dead letter.
ALTER TABLE payments DROP CONSTRAINT payments_origin_check;
ALTER TABLE payments ADD CONSTRAINT payments_origin_check CHECK (origin IN ('live', 'replay', 'retry'));
