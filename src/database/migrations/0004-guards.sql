-- oldest service level: 1
-- What must never be rewritten is refused by the database itself, whoever asks. The functions below run only where
-- something is refused: the rules stand in the triggers' WHEN, which cost well under a microsecond a row.

-- The table of docs/payment-states.md, `from to`; a payment that keeps state and generation is not asked about.
-- Within its generation:
CREATE FUNCTION payment_may_go(from_state text, to_state text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN from_state || ' ' || to_state = ANY (ARRAY[
    'accepted planned', 'accepted voiding', 'accepted failed', 'accepted completed', 'accepted review',
    'planned voiding', 'planned review', 'planned completed', 'planned failed',
    'voiding review', 'voiding completed', 'voiding failed',
    'review completed', 'review failed',
    'failed review']);
-- With a new generation, which is always a higher one: an operator's retry or replay of what has failed, or evidence of
-- a generation that a restored database has forgotten.
CREATE FUNCTION payment_may_reopen(from_state text, to_state text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN from_state || ' ' || to_state = ANY (ARRAY[
    'failed accepted', 'failed planned', 'failed voiding', 'failed review', 'failed completed', 'failed failed',
    'accepted completed', 'accepted failed', 'accepted review', 'accepted voiding',
    'planned completed', 'planned failed', 'planned review', 'planned voiding',
    'voiding completed', 'voiding failed', 'voiding review', 'voiding voiding',
    'review completed', 'review failed', 'review review']);

CREATE FUNCTION refuse_payment_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'payment % may not go from % (generation %) to % (generation %)',
    OLD.id, OLD.state, OLD.generation, NEW.state, NEW.generation;
END $$;
CREATE TRIGGER payments_transition BEFORE UPDATE ON payments FOR EACH ROW
  WHEN ((OLD.state <> NEW.state OR OLD.generation <> NEW.generation) AND NOT CASE
    WHEN NEW.generation = OLD.generation THEN payment_may_go(OLD.state, NEW.state)
    WHEN NEW.generation > OLD.generation THEN payment_may_reopen(OLD.state, NEW.state)
    ELSE false END)
  EXECUTE FUNCTION refuse_payment_change();

-- What was paid, to whom and by which log is history; who a payment is of, from the start.
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'payment % (%) may not be rewritten', OLD.id, OLD.state;
END $$;
CREATE TRIGGER payments_completed_stays BEFORE UPDATE ON payments FOR EACH ROW
  WHEN (OLD.state = 'completed' AND
    (OLD.chain_id, OLD.pay_once, OLD.payer, OLD.token, OLD.recipient, OLD.net_amount, OLD.fee, OLD.tx_hash, OLD.log_index)
    IS DISTINCT FROM
    (NEW.chain_id, NEW.pay_once, NEW.payer, NEW.token, NEW.recipient, NEW.net_amount, NEW.fee, NEW.tx_hash, NEW.log_index))
  EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER payments_identity_stays BEFORE UPDATE ON payments FOR EACH ROW
  WHEN (OLD.id <> NEW.id OR OLD.platform_id <> NEW.platform_id OR OLD.task_id <> NEW.task_id)
  EXECUTE FUNCTION refuse_rewriting();

-- A send is over once; what was given up and mined all the same is written down as what it was.
CREATE FUNCTION refuse_send_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'send % may not go from % to %', OLD.id, OLD.state, NEW.state;
END $$;
CREATE TRIGGER transactions_transition BEFORE UPDATE ON transactions FOR EACH ROW
  WHEN (OLD.state <> NEW.state AND OLD.state <> 'open' AND NOT (NEW.state = 'mined'))
  EXECUTE FUNCTION refuse_send_change();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION '% of % is refused: it is append-only', TG_OP, TG_TABLE_NAME;
END $$;
DROP TRIGGER audit_log_append_only ON audit_log;
DROP FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_not_truncated BEFORE TRUNCATE ON audit_log EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_outcomes_append_only BEFORE UPDATE OR DELETE ON payment_outcomes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_outcomes_not_truncated BEFORE TRUNCATE ON payment_outcomes EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reputation_events_append_only BEFORE UPDATE OR DELETE ON reputation_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reputation_events_not_truncated BEFORE TRUNCATE ON reputation_events EXECUTE FUNCTION refuse_change();
CREATE TRIGGER chain_events_append_only BEFORE UPDATE OR DELETE ON chain_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER chain_events_not_truncated BEFORE TRUNCATE ON chain_events EXECUTE FUNCTION refuse_change();

-- Never deleted: a payment that is forgotten would be paid again but for the chain, and an event id as well.
CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION '% of % is refused: its rows are kept for ever', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER payments_kept BEFORE DELETE ON payments FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER payments_not_truncated BEFORE TRUNCATE ON payments EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER inbox_kept BEFORE DELETE ON inbox FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER inbox_not_truncated BEFORE TRUNCATE ON inbox EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER transactions_kept BEFORE DELETE ON transactions FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER transactions_not_truncated BEFORE TRUNCATE ON transactions EXECUTE FUNCTION refuse_removal();
