-- oldest service level: 1
-- Webhooks out: whom a platform wants told of its payments' ends, what there is to tell, and how far each telling has got.
CREATE TABLE webhook_endpoints (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  platform_id opaque_id NOT NULL REFERENCES platforms,
  -- May hold a token of the receiver's: the reading role gets no right to this table.
  url text NOT NULL CHECK (length(url) <= 2048),
  event_types text[] NOT NULL CHECK (cardinality(event_types) > 0),
  disabled_at timestamptz,
  -- requested: by the platform. gone: the receiver answered 410. backlog: too much waits for it.
  disabled_reason text CHECK (disabled_reason IN ('requested', 'gone', 'backlog')),
  -- Since when no try has come through; null: the last one did, or there was none.
  failing_since timestamptz,
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  updated_at timestamptz NOT NULL DEFAULT payment_now(),
  -- Deleted, and removed once nothing tells of it any more.
  deleted_at timestamptz,
  CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX webhook_endpoints_platform ON webhook_endpoints (platform_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;

-- What deliveries are signed with. Of a rotated one both sign for a day.
CREATE TABLE webhook_secrets (
  endpoint_id uuid PRIMARY KEY REFERENCES webhook_endpoints ON DELETE CASCADE,
  secret text NOT NULL CHECK (secret LIKE 'whsec\_%'),
  previous_secret text,
  previous_until timestamptz,
  rotated_at timestamptz NOT NULL DEFAULT payment_now(),
  CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);

-- An event to tell of, in the commit that decided it, and only for a platform that has an endpoint. Its id is webhook-id.
CREATE TABLE webhook_messages (
  id uuid PRIMARY KEY,
  platform_id opaque_id NOT NULL,
  type text NOT NULL,
  -- The outbox's bytes, until the body is made of them.
  payload bytea,
  body text,
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  -- When it was made into one delivery per endpoint.
  fanned_out_at timestamptz
);
CREATE INDEX webhook_messages_new ON webhook_messages (created_at) WHERE fanned_out_at IS NULL;
CREATE INDEX webhook_messages_age ON webhook_messages USING brin (created_at) WITH (pages_per_range = 32, autosummarize = on);

CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  message_id uuid NOT NULL REFERENCES webhook_messages ON DELETE CASCADE,
  endpoint_id uuid NOT NULL REFERENCES webhook_endpoints,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'exhausted')),
  -- All that were ever begun; it never falls, so a try that comes back late knows that it is not the last.
  attempts integer NOT NULL DEFAULT 0,
  -- With which one it is exhausted; a redelivery, and a try that our own stop broke off, move it on.
  attempts_max integer NOT NULL DEFAULT 10,
  -- While a try is under way: when it counts as lost with its process, and the delivery is due again.
  next_attempt_at timestamptz,
  last_attempt_at timestamptz,
  last_outcome text,
  last_status_code integer,
  last_duration_ms integer,
  delivered_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  UNIQUE (message_id, endpoint_id),
  CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_list ON webhook_deliveries (endpoint_id, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_exhausted ON webhook_deliveries (endpoint_id, created_at DESC, id DESC) WHERE status = 'exhausted';
