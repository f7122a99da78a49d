-- oldest service level: 1
-- What a platform signs the tasks with that it reports by webhook. A secret that verifies must be readable: the reading role
-- gets no right to this table. Of a rotated one both work for a day.
CREATE TABLE platform_secrets (
  platform_id opaque_id PRIMARY KEY REFERENCES platforms,
  secret text NOT NULL CHECK (secret LIKE 'whsec\_%'),
  previous_secret text,
  previous_until timestamptz,
  rotated_at timestamptz NOT NULL DEFAULT payment_now(),
  CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);

-- Lists are newest first.
CREATE INDEX payments_by_time ON payments (accepted_at DESC, id DESC);
CREATE INDEX payments_by_platform ON payments (platform_id, accepted_at DESC, id DESC);
CREATE INDEX payments_by_bulk ON payments (bulk_id) WHERE bulk_id IS NOT NULL;
