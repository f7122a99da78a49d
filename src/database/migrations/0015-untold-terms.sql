-- oldest service level: 1
-- A live event says what was decided, however long it waits for its number: what failed may be opened again on other terms
-- meanwhile. The payment as it was is kept with the event that waits, by whoever changes it: the line pays nothing for it.
ALTER TABLE live_unnumbered ADD COLUMN kept jsonb;

CREATE FUNCTION keep_untold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN
  UPDATE live_unnumbered SET kept = to_jsonb(OLD)
    WHERE payment_id = OLD.id AND generation = OLD.generation AND kept IS NULL;
  RETURN NULL;
END $$;
-- What is completed never changes.
CREATE TRIGGER payments_untold AFTER UPDATE ON payments FOR EACH ROW
  WHEN (OLD.state = 'failed') EXECUTE FUNCTION keep_untold();

-- The terms that our own topic told, of an outcome that a restored database had forgotten: its payment may never have had
-- that generation. Null in what an older service adopted, and fees of a failure.
ALTER TABLE announced_outcomes ADD COLUMN worker_id opaque_id, ADD COLUMN amount token_amount, ADD COLUMN currency text,
  ADD COLUMN fee token_amount, ADD COLUMN net_amount token_amount, ADD COLUMN latency_ms bigint;
