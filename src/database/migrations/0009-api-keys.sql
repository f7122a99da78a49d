-- oldest service level: 1
-- Keys of the HTTP API. Of a key only a hash is kept: a stolen backup opens nothing.
CREATE TABLE api_keys (
  -- Part of the token that is no secret: it names the key in lists, logs and `gigpay keys revoke`.
  id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{16}$'),
  -- Of the whole token.
  token_sha256 bytea NOT NULL CHECK (length(token_sha256) = 32),
  -- The actor in the audit log.
  name opaque_id NOT NULL,
  -- Null: of all platforms.
  platform_id opaque_id REFERENCES platforms,
  scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
  created_at timestamptz NOT NULL DEFAULT payment_now(),
  -- Null: does not expire.
  expires_at timestamptz CHECK (expires_at > created_at),
  -- To the minute or so: it is written beside the requests.
  last_used_at timestamptz,
  revoked_at timestamptz
);
-- A name is somebody's for as long as the key works.
CREATE UNIQUE INDEX api_keys_name ON api_keys (name) WHERE revoked_at IS NULL;
