import { sql } from "slonik";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRow, openPool, type Database } from "../../src/database/pool.ts";
import { isOpaqueId } from "../../src/payment/ids.ts";
import { MAX_MICROS, formatMicros } from "../../src/payment/money.ts";
import { freshDatabase } from "../support/database.ts";

test("a prepared statement works every time its connection comes back from the pool", async () => {
  await using database = await freshDatabase();
  const one = z.object({ one: z.number() });
  for (let times = 0; times < 5; times += 1) {
    expect(await database.pool.one(sql.prepared("pool-test-one", one)`SELECT 1 AS one`)).toEqual({
      one: 1,
    });
  }
});

test("amounts, big integers and times come back exactly, to the last digit that the schema holds", async () => {
  await using database = await freshDatabase();
  const row = z.object({ amount: z.string(), big: z.bigint(), at: z.date() });
  const at = new Date("2026-03-01T12:00:00.123Z");
  const read = await database.pool.one(sql.type(row)`
    SELECT ${formatMicros(MAX_MICROS)}::token_amount AS amount, ${2n ** 63n - 1n}::int8 AS big,
      ${at.toISOString()}::timestamptz AS at`);
  expect(read).toEqual({ amount: "99999999999999.999999", big: 2n ** 63n - 1n, at });
});

test("every amount column keeps six decimals", async () => {
  await using database = await freshDatabase();
  const row = z.object({ table_name: z.string(), column_name: z.string(), data_type: z.string() });
  const columns = await database.pool.any(sql.type(row)`
    SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name ~ '(amount|fee|balance|allowance)$'`);
  expect(columns.length).toBeGreaterThan(5);
  expect(columns.map(({ data_type: type }) => type)).toEqual(columns.map(() => "numeric"));
});

test("a row that is not what its query expects is refused, not passed on", async () => {
  await using database = await freshDatabase();
  const row = z.object({ renamed: z.string() });
  await expect(database.pool.one(sql.type(row)`SELECT 'x' AS name`)).rejects.toThrow();
});

test("a statement that takes too long is ended, and its connection is not used again", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await expect(
    pool.transaction(async (tx) => {
      await tx.query(sql.type(anyRow)`SET LOCAL statement_timeout = 20`);
      await tx.query(sql.type(anyRow)`SELECT pg_sleep(10)`);
    }),
  ).rejects.toThrow();
  expect(await pool.oneFirst(sql.unsafe`SELECT 1`)).toBe(1);
});

test("the schema and the code agree on what an id from outside may be", async () => {
  await using database = await freshDatabase();
  const long = "i".repeat(128);
  const texts = [
    "a",
    "!~",
    long,
    "",
    `${long}i`,
    "a b",
    "a\n",
    "\n",
    "a\u0001",
    "\u007f",
    "é",
    "a\u00a0",
  ];
  const row = z.object({ text: z.string(), valid: z.boolean() });
  const rows = await database.pool.any(sql.type(row)`
    SELECT t AS text, pg_input_is_valid(t, 'opaque_id') AS valid
    FROM unnest(${sql.array(texts, "text")}) AS t`);
  expect(rows.map(({ valid }) => valid)).toEqual(rows.map(({ text }) => isOpaqueId(text)));
  expect(rows.filter(({ valid }) => valid)).toHaveLength(3);
});

test("a session is looked at once, before it is used, and a new one again", async () => {
  await using database = await freshDatabase();
  const looked: number[] = [];
  const pid = sql.type(z.object({ pid: z.number() }))`SELECT pg_backend_pid() AS pid`;
  const pool = await openPool({
    url: database.url,
    poolMax: 1,
    statementTimeoutMs: 5_000,
    onConnection: async (connection) => void looked.push(await connection.oneFirst(pid)),
  });
  const first = await pool.oneFirst(pid);
  await pool.transaction((tx) => tx.query(pid));
  expect(looked).toEqual([first]);
  await database.pool.query(sql.type(anyRow)`SELECT pg_terminate_backend(${first})`);
  await expect.poll(() => pool.oneFirst(pid).catch(() => first)).not.toBe(first);
  expect(looked).toEqual([first, await pool.oneFirst(pid)]);
  await pool.end();
});

test("a pool for lookups by keys plans them by index though the table has no statistics yet", async () => {
  await using database = await freshDatabase();
  const open = (looksUpByKeys: boolean) =>
    openPool({ url: database.url, poolMax: 1, statementTimeoutMs: 5_000, looksUpByKeys });
  const ids = sql.array(
    Array.from({ length: 100 }, (_, i) => `task-${i}`),
    "text",
  );
  const planIn = async (pool: Database) => {
    const lines = await pool.anyFirst(sql.type(z.object({ "QUERY PLAN": z.string() }))`
      EXPLAIN SELECT t.amount FROM unnest(${ids}, ${ids}) AS k (platform, id)
      JOIN tasks t ON t.platform_id = k.platform AND t.id = k.id`);
    await pool.end();
    return lines.join("\n");
  };
  expect(await planIn(await open(true))).toMatch(/Nested Loop[^]*Index Scan using tasks_pkey/);
  // What it is there for: were this no longer so, it could go.
  expect(await planIn(await open(false))).toMatch(/Seq Scan on tasks/);
});
