import { Client } from "pg";
import { sql } from "slonik";
import { expect, test } from "vitest";
import { z } from "zod";
import { execute } from "../../sandbox/postgres/postgres-at.ts";
import { anyRow, openPool, type Database } from "../../src/database/pool.ts";
import { refreshStatistics } from "../../src/database/refresh-statistics.ts";
import { freshDatabase } from "../support/database.ts";

const PAYMENTS = 3_000;

/** What the service's own login sees; it owns no table. */
async function servingPool(databaseUrl: string): Promise<Database> {
  await execute(
    databaseUrl,
    "DROP ROLE IF EXISTS serving_login; CREATE ROLE serving_login LOGIN IN ROLE gigpay_serving",
  );
  const url = new URL(databaseUrl);
  url.username = "serving_login";
  return openPool({ url: url.href, poolMax: 2, statementTimeoutMs: 10_000 });
}

/** As fast as a flood, and without what else belongs to a payment; Postgres tells of it a little later, unless it is asked. */
async function acceptPayments(pool: Database, upTo: number, from = 1): Promise<void> {
  await pool.transaction(async (tx) => {
    await tx.query(sql.type(anyRow)`SET LOCAL session_replication_role = replica`);
    await tx.query(sql.type(anyRow)`
      INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
        occurred_at, received_at)
      SELECT md5(n::text)::uuid, 'p', 'task-' || n, 'w', 50, 'USDC', 'key-' || n, 'event-' || n, 'accepted',
        payment_now(), payment_now() FROM generate_series(${from}::int, ${upTo}::int) AS n`);
    await tx.query(sql.type(anyRow)`SELECT pg_stat_force_next_flush()`);
  });
}

/** Rows as the planner knows them; -1 for a table that nobody has ever counted. */
async function knownRows(pool: Database, table: string): Promise<number> {
  const { known } = await pool.one(sql.type(z.object({ known: z.number() }))`
    SELECT reltuples::float8 AS known FROM pg_class WHERE oid = ${table}::regclass`);
  return known;
}

test("a table that has grown is counted for the planner, by the service's login and only until it knows", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const serving = await servingPool(database.url);
  try {
    expect(await refreshStatistics(serving)).toEqual([]);
    await acceptPayments(pool, PAYMENTS);
    expect(await knownRows(pool, "payments")).toBe(-1);
    expect(await refreshStatistics(serving)).toEqual(["public.payments"]);
    expect(await knownRows(pool, "payments")).toBe(PAYMENTS);
    expect(await refreshStatistics(serving)).toEqual([]);
  } finally {
    await serving.end();
  }
});

test("a table that grows is counted anew when it has grown fourfold, and not before: a count costs too", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await acceptPayments(pool, 500);
  expect(await refreshStatistics(pool)).toEqual(["public.payments"]);
  await acceptPayments(pool, 2_000, 501);
  expect(await refreshStatistics(pool)).toEqual([]);
  await acceptPayments(pool, 2_001, 2_001);
  expect(await refreshStatistics(pool)).toEqual(["public.payments"]);
  expect(await knownRows(pool, "payments")).toBe(2_001);
});

test("the outbox is left to autovacuum: rows that pile up are not planned for as if next to none waited", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await pool.transaction(async (tx) => {
    await tx.query(sql.type(anyRow)`
      INSERT INTO outbox (event_id, topic, key, payload, headers, published_at)
      SELECT md5(n::text)::uuid, 'payment.completed', 'w', 'x', '{}', payment_now()
      FROM generate_series(1, ${PAYMENTS}::int) AS n`);
    await tx.query(sql.type(anyRow)`SELECT pg_stat_force_next_flush()`);
  });
  await acceptPayments(pool, PAYMENTS);
  expect(await refreshStatistics(pool)).toEqual(["public.payments"]);
  expect(await knownRows(pool, "outbox")).toBe(-1);
});

test("a plan that was made while the table was empty is not kept for the table that has grown", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    // What a session keeps of a prepared statement that it has asked some times: one plan for any values.
    await client.query("SET plan_cache_mode = force_generic_plan");
    await client.query(
      "PREPARE find (uuid[]) AS SELECT p.id FROM payments p JOIN unnest($1) AS m (id) ON p.id = m.id",
    );
    const planned = async () => {
      const { rows } = await client.query<{ "QUERY PLAN": string }>(
        "EXPLAIN EXECUTE find (ARRAY[md5('1')::uuid])",
      );
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    };
    expect(await planned()).toContain("Seq Scan on payments");
    await acceptPayments(pool, PAYMENTS);
    expect(await planned()).toContain("Seq Scan on payments");
    await refreshStatistics(pool);
    expect(await planned()).toContain("using payments_pkey");
  } finally {
    await client.end();
  }
});
