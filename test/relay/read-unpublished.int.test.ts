import { Client } from "pg";
import { sql } from "slonik";
import { expect, test } from "vitest";
import { anyRow, openPool, type Database } from "../../src/database/pool.ts";
import { readUnpublished } from "../../src/relay/read-unpublished.ts";
import { freshDatabase } from "../support/database.ts";
import { tapPostgres } from "../support/tap-postgres.ts";

const PUBLISHED = 20_000;
const PILED_UP = 4_000;

async function writeOutbox(
  pool: Database,
  [from, to]: readonly [number, number],
  isPublished: boolean,
): Promise<void> {
  await pool.transaction(async (tx) => {
    await tx.query(sql.type(anyRow)`SET LOCAL session_replication_role = replica`);
    await tx.query(sql.type(anyRow)`
      INSERT INTO outbox (event_id, topic, key, payload, headers, payment_id, generation, published_at)
      SELECT md5('event' || n)::uuid, 'payment.completed', 'worker', 'payload', '{}', md5(n::text)::uuid, 1,
        CASE WHEN ${isPublished} THEN payment_now() END
      FROM generate_series(${from}::int, ${to}::int) AS n`);
  });
}

test("what piles up is never compared row by row, though the outbox was last counted while nothing waited", async () => {
  await using database = await freshDatabase();
  const settings = { url: database.url, poolMax: 1, statementTimeoutMs: 10_000 };
  const pool = await openPool({ ...settings, looksUpByKeys: true });
  await writeOutbox(pool, [1, PUBLISHED], true);
  await pool.query(sql.type(anyRow)`ANALYZE outbox`);
  await writeOutbox(pool, [PUBLISHED + 1, PUBLISHED + PILED_UP], false);
  using tap = tapPostgres();
  expect((await readUnpublished(pool)).rows).toHaveLength(200);
  await pool.end();
  const asked = tap.statements.find(({ text }) => text.includes("oldest AS")) ?? expect.fail();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<{ "QUERY PLAN": string }>(
    `EXPLAIN (ANALYZE, TIMING OFF) ${asked.text}`,
    [...asked.values],
  );
  await client.end();
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toContain("using outbox_refused on outbox r");
  expect(plan).not.toMatch(/Rows Removed by (Join )?Filter/);
});
