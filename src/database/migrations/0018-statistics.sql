-- oldest service level: 1
-- What the planner knows of a table that grows faster than autovacuum comes by: a plan that was made while it was empty reads all
-- of it, and is kept until its statistics change. Only an owner may ask for them, so the service asks by this. A quarter of the usual
-- sample tells a key from a flag; autovacuum takes the whole one later.
CREATE FUNCTION refresh_statistics(rows_min bigint, rows_max bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET default_statistics_target = 25
AS $$
DECLARE
  me oid;
  grown text;
BEGIN
  GET DIAGNOSTICS me = PG_ROUTINE_OID;
  -- Whoever asks at the same time, on this instance or another, would only analyse the same table again.
  IF NOT pg_try_advisory_xact_lock(7316205) THEN RETURN NULL; END IF;
  SELECT format('%I.%I', n.nspname, c.relname) INTO grown
  FROM pg_proc f
  JOIN pg_class c ON c.relnamespace = f.pronamespace AND c.relowner = f.proowner AND c.relkind = 'r'
  JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT pg_stat_get_live_tuples(c.oid) AS rows, greatest(c.reltuples, 0) AS known) AS t
  WHERE f.oid = me AND t.rows BETWEEN rows_min AND rows_max AND t.rows > 2 * t.known
    -- It is analysed mostly while next to nothing waits in it; when much does, the planner would compare each row with all.
    AND c.relname <> 'outbox'
  ORDER BY t.rows / greatest(t.known, 1) DESC, c.relname
  LIMIT 1;
  IF grown IS NOT NULL THEN EXECUTE 'ANALYZE ' || grown; END IF;
  RETURN grown;
END $$;
