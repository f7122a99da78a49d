-- oldest service level: 1
-- Plain transfers (PAYMENT_METHOD=transfer, docs/decisions/0008): payments that go out as Circle's own transfers, without
-- PayOnce. Their deployment's instance is the zero address, so that changing the method is changing the instance.

ALTER TABLE payments DROP CONSTRAINT payments_method_check;
ALTER TABLE payments ADD CONSTRAINT payments_method_check CHECK (method IN ('payonce', 'transfer'));
ALTER TABLE payments ADD CONSTRAINT payments_transfer_check CHECK (
  (method = 'transfer') = (pay_once = '0x0000000000000000000000000000000000000000')
  AND (method <> 'transfer' OR (rail = 'circle' AND intent IS DISTINCT FROM 'void' AND state <> 'voiding')));
-- A transfer has no void: what fails it is Circle's own end of every id, and the chain's silence.
ALTER TABLE payments DROP CONSTRAINT payments_check8;
ALTER TABLE payments ADD CONSTRAINT payments_check8 CHECK (
  state <> 'failed' OR first_sent_at IS NULL OR void_tx_hash IS NOT NULL OR method = 'transfer');

ALTER TABLE transactions
  ADD COLUMN method text NOT NULL DEFAULT 'payonce' CHECK (method IN ('payonce', 'transfer')),
  -- Every POST of the key is counted before it leaves, its HTTP answer after it came, and apart those answers that are
  -- Circle's certain "nothing was created". A POST without an answer may still arrive.
  ADD COLUMN posts integer NOT NULL DEFAULT 0,
  ADD COLUMN answers integer NOT NULL DEFAULT 0,
  ADD COLUMN refusals integer NOT NULL DEFAULT 0,
  -- The key may be repeated for an hour from then on.
  ADD COLUMN first_posted_at timestamptz,
  -- Circle's word that nothing moves under this key: every POST refused, or its id ended unpaid. Judged with the chain.
  ADD COLUMN provider_end text CHECK (provider_end IN ('refused', 'unpaid')),
  ADD COLUMN provider_ended_at timestamptz,
  -- It ended for want of funds, room or an operator's act: no payment's fault.
  ADD COLUMN ended_for_capacity boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT transactions_transfer_check CHECK (method <> 'transfer' OR (rail = 'circle' AND kind = 'pay' AND item_count = 1)),
  ADD CONSTRAINT transactions_posts_check CHECK (refusals <= answers AND answers <= posts),
  ADD CONSTRAINT transactions_end_check CHECK ((provider_end IS NULL) = (provider_ended_at IS NULL));
CREATE INDEX transactions_open_transfers ON transactions (id) WHERE state = 'open' AND method = 'transfer';

-- The token's own log that proves a transferred payment. One log proves one payment, and a payment has one proof.
CREATE TABLE transfers (
  chain_id bigint NOT NULL,
  tx_hash text NOT NULL,
  log_index integer NOT NULL,
  payment_id uuid NOT NULL UNIQUE REFERENCES payments,
  generation integer NOT NULL,
  transaction_id uuid NOT NULL UNIQUE REFERENCES transactions,
  payer address NOT NULL,
  token address NOT NULL,
  recipient address NOT NULL,
  amount token_amount NOT NULL,
  block_number bigint NOT NULL,
  settled_at timestamptz NOT NULL DEFAULT payment_now(),
  UNIQUE (chain_id, tx_hash, log_index)
);
CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfers_not_truncated BEFORE TRUNCATE ON transfers EXECUTE FUNCTION refuse_change();
