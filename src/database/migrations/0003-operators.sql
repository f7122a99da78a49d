-- oldest service level: 2
-- A replay that takes the oldest open letters first would meet the same hopeless ones each time: the least tried go first.
ALTER TABLE dead_letters ADD COLUMN replays integer NOT NULL DEFAULT 0 CHECK (replays >= 0);
ALTER TABLE dead_letters ADD COLUMN replayed_at timestamptz;
CREATE INDEX dead_letters_to_replay ON dead_letters (replayed_at NULLS FIRST, created_at, id) WHERE status = 'open';
-- For the list, newest first.
CREATE INDEX dead_letters_created ON dead_letters (created_at DESC, id DESC);
CREATE INDEX audit_log_dead_letter ON audit_log ((details ->> 'deadLetterId')) WHERE action LIKE 'dead_letter.%';
