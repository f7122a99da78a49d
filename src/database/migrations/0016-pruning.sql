-- oldest service level: 1
-- What may be let go of, and when: `gigpay prune` announces up to when, and then drops the bytes of what is over (published
-- events, closed dead letters' records, mined or dead sends' calls). Identities, keys, hashes, outcomes and logs stay.
CREATE TABLE prunings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- What was over by then is dropped; of the last seven days nothing ever is.
  before timestamptz NOT NULL CHECK (before <= payment_now() - interval '7 days'),
  actor text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT payment_now(),
  -- Null: it runs, or was broken off; the next one goes on.
  ended_at timestamptz
);
CREATE INDEX prunings_before ON prunings (before);
CREATE TRIGGER prunings_kept BEFORE DELETE ON prunings FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER prunings_not_truncated BEFORE TRUNCATE ON prunings EXECUTE FUNCTION refuse_removal();

-- Events that were decided before it may be missing.
CREATE FUNCTION pruned_before() RETURNS timestamptz LANGUAGE sql STABLE
  RETURN coalesce((SELECT max(before) FROM prunings), '-infinity');

CREATE FUNCTION refuse_dropping() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION '% of % is refused: bytes are dropped by pruning only, and only of what was over by then', TG_OP, TG_TABLE_NAME;
END $$;

CREATE TRIGGER outbox_prunes_published BEFORE DELETE ON outbox FOR EACH ROW
  WHEN ((OLD.published_at IS NOT NULL AND OLD.created_at < pruned_before()) IS NOT TRUE)
  EXECUTE FUNCTION refuse_dropping();
CREATE TRIGGER outbox_not_truncated BEFORE TRUNCATE ON outbox EXECUTE FUNCTION refuse_dropping();

-- A record's bytes are never rewritten. The triggers ask only statements that name these columns.
CREATE TRIGGER dead_letters_prune_closed BEFORE UPDATE OF key, value, headers, value_sha256 ON dead_letters FOR EACH ROW
  WHEN ((NEW.key IS NULL AND NEW.value IS NULL AND NEW.headers = '{}' AND NEW.value_sha256 = OLD.value_sha256
    AND OLD.closed_at < pruned_before()) IS NOT TRUE)
  EXECUTE FUNCTION refuse_dropping();
CREATE TRIGGER dead_letters_kept BEFORE DELETE ON dead_letters FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER dead_letters_not_truncated BEFORE TRUNCATE ON dead_letters EXECUTE FUNCTION refuse_removal();

-- While a send is open its bytes may be signed anew, and must be there; those of an abandoned one stay.
ALTER TABLE transactions
  ALTER COLUMN calldata DROP NOT NULL,
  DROP CONSTRAINT transactions_check1,
  ADD CONSTRAINT transactions_arc_check CHECK (rail <> 'arc' OR (nonce IS NOT NULL AND cardinality(hashes) > 0)),
  ADD CONSTRAINT transactions_bytes_check CHECK (
    state <> 'open' OR (calldata IS NOT NULL AND (rail <> 'arc' OR raw IS NOT NULL)));
CREATE TRIGGER transactions_prune_closed BEFORE UPDATE OF calldata, raw ON transactions FOR EACH ROW
  WHEN (OLD.state <> 'open' AND (NEW.calldata IS NULL AND NEW.raw IS NULL AND OLD.state IN ('mined', 'reverted', 'dead')
    AND OLD.closed_at < pruned_before()) IS NOT TRUE)
  EXECUTE FUNCTION refuse_dropping();

-- What is still to be dropped, and nothing that was.
CREATE INDEX transactions_with_bytes ON transactions (closed_at) WHERE calldata IS NOT NULL AND state IN ('mined', 'reverted', 'dead');
CREATE INDEX dead_letters_with_bytes ON dead_letters (closed_at) WHERE closed_at IS NOT NULL AND value IS NOT NULL;
