-- oldest service level: 1
-- What each platform had planned in the last day, for RISK_PLATFORM_DAILY_AMOUNT; written only while that is set. One row holds
-- a day, so that its lock is the limit's and nothing has to be tidied up: {"2026-03-01T12": "120.000000"}, by hours of UTC.
CREATE TABLE platform_days (
  platform_id opaque_id NOT NULL REFERENCES platforms,
  currency text NOT NULL,
  hours jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(hours) = 'object'),
  PRIMARY KEY (platform_id, currency)
) WITH (fillfactor = 50);
