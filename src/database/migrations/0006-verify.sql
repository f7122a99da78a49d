-- oldest service level: 1
-- How far the ledger was verified by the service itself, and what was wrong then; `suspects` is looked at again each time.
CREATE TABLE verify_watermark (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  block_number bigint NOT NULL,
  checked_until timestamptz NOT NULL,
  suspects jsonb NOT NULL DEFAULT '[]',
  updated_at timestamptz NOT NULL DEFAULT payment_now()
);

-- What is new in tables that only grow lies at their end: block range indexes find it, and cost an insert next to nothing.
-- Building them reads each table once (about a second per million rows) and holds writers up for that long.
CREATE INDEX chain_events_block ON chain_events USING brin (block_number) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX payment_outcomes_decided ON payment_outcomes USING brin (decided_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX inbox_received ON inbox USING brin (received_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX outbox_created ON outbox USING brin (created_at) WITH (pages_per_range = 32, autosummarize = on);
