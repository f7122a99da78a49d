-- oldest service level: 1
-- The relay asks of each waiting row whether Kafka refused an older one of its payment. Such rows are few or none, and so is what
-- it reads: by the index of all that wait, a planner that has last counted them while nothing waited compares each with all.
-- Building it reads the outbox once: on a large table build it beforehand, `CREATE INDEX CONCURRENTLY` of the same name.
CREATE INDEX IF NOT EXISTS outbox_refused ON outbox (payment_id, id) WHERE refused_at IS NOT NULL;
