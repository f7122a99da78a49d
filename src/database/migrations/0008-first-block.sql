-- oldest service level: 1
-- Where following began. Older logs of the instance belong to a life of which this database has no memory (it was made anew, or restored from
-- before its first start): they are looked for by payment, and are no mismatch. Null: from the beginning, as far as anybody knows.
ALTER TABLE chain_cursors ADD COLUMN first_block bigint;
