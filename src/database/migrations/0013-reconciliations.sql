-- oldest service level: 1
-- Verifications of the whole ledger that somebody asked for over the API, with what they found.
CREATE TABLE reconciliations (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done', 'failed')),
  requested_by text NOT NULL,
  reason text NOT NULL,
  -- What was asked for: {"fromBlock", "toBlock", "slots"}, each where it was given.
  wanted jsonb NOT NULL DEFAULT '{}',
  started_at timestamptz NOT NULL DEFAULT payment_now(),
  -- Moved while it runs: one that stands still has lost its process.
  beat_at timestamptz NOT NULL DEFAULT payment_now(),
  ended_at timestamptz,
  mismatches integer,
  -- As `gigpay verify --json` says it.
  report jsonb,
  error text,
  CHECK ((status = 'running') = (ended_at IS NULL)),
  CHECK ((status = 'done') = (report IS NOT NULL AND mismatches IS NOT NULL)),
  CHECK ((status = 'failed') = (error IS NOT NULL))
);
-- One at a time, whichever instance runs it.
CREATE UNIQUE INDEX reconciliations_one_running ON reconciliations ((true)) WHERE status = 'running';
CREATE INDEX reconciliations_by_time ON reconciliations (started_at DESC, id DESC);
