-- oldest service level: 1
-- For `GET /v1/payments?txHash=`. A batch's payments have one hash, so that settling it touches one place of the index, and
-- Postgres keeps the hash once. Building it reads the payments once (about a second per million) and holds their writers up
-- for that long: on a large table build it beforehand, `CREATE INDEX CONCURRENTLY` of the same name, and this does nothing.
CREATE INDEX IF NOT EXISTS payments_by_tx ON payments (tx_hash) WHERE tx_hash IS NOT NULL;
