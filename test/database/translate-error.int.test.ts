import { sql, type CommonQueryMethods } from "slonik";
import { expect, test } from "vitest";
import { anyRow, openPool, type Database } from "../../src/database/pool.ts";
import { transact } from "../../src/database/transact.ts";
import { askDatabase } from "../../src/database/translate-error.ts";
import { dispositionOf, PaymentError } from "../../src/errors.ts";
import { openPostgresBox } from "../faults/boxes/postgres-box.ts";
import { freshDatabase } from "../support/database.ts";

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test("a value that the schema refuses is recognisable, whatever class slonik wraps it in", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const refused = [
    sql.type(anyRow)`INSERT INTO platforms (id, name, wallet_address) VALUES ('a b', 'x', ${"0x"})`,
    sql.type(anyRow)`INSERT INTO workers (id, name) VALUES (${"\u0000"}, 'x')`,
    sql.type(anyRow)`SELECT ${"not a number"}::int`,
    sql.type(anyRow)`SELECT ${"1e40"}::numeric::token_amount`,
    sql.type(anyRow)`SELECT ${"+275760-09-13T00:00:00.000Z"}::timestamptz`,
    sql.type(anyRow)`INSERT INTO workers (id) VALUES (NULL)`,
    sql.type(anyRow)`INSERT INTO tasks (platform_id, id, worker_id, amount, currency, status)
                     VALUES ('nobody', 't', 'w', 1, 'USDC', 'completed')`,
  ];
  for (const statement of refused) {
    const failure = await failureOf(transact(pool, (tx) => tx.query(statement)));
    expect(failure).toMatchObject({ code: "DATABASE_VALUE_REFUSED", disposition: "reject" });
  }
});

test("a bug of ours is not dressed up as an operating error", async () => {
  await using database = await freshDatabase();
  const bug = new TypeError("undefined is not a function");
  expect(await failureOf(transact(database.pool, async () => Promise.reject(bug)))).toBe(bug);
  const wrongSql = await failureOf(database.pool.query(sql.type(anyRow)`SELECT nothing_here`));
  const translated = await failureOf(askDatabase(() => Promise.reject(wrongSql as Error)));
  expect(dispositionOf(translated)).toBe("reconcile");
});

test("GigStream defect 17: an answer that nobody recognises means look first, never retry", async () => {
  await using database = await freshDatabase();
  const failure = await failureOf(
    transact(database.pool, (tx) =>
      tx.query(sql.type(anyRow)`DO $$ BEGIN RAISE EXCEPTION 'not found, invalid'; END $$`),
    ),
  );
  expect(failure).toMatchObject({ code: "OUTCOME_UNKNOWN", disposition: "reconcile" });
});

test("a Postgres that is not there is a retry, before anything was sent", async () => {
  const failure = await failureOf(
    openPool({ url: "postgres://postgres@127.0.0.1:1/x", poolMax: 4, statementTimeoutMs: 1_000 }),
  );
  expect(failure).toBeInstanceOf(PaymentError);
  expect(failure).toMatchObject({ code: "DATABASE_UNAVAILABLE", disposition: "retry" });
});

test("a backend that dies in mid-transaction is a retry: nothing was committed", async () => {
  await using database = await freshDatabase();
  const failure = await failureOf(
    transact(database.pool, (tx) =>
      tx.query(sql.type(anyRow)`SELECT pg_terminate_backend(pg_backend_pid())`),
    ),
  );
  expect(failure).toMatchObject({ code: "DATABASE_UNAVAILABLE", disposition: "retry" });
});

test("a lost answer to COMMIT is doubt, not a retry: the row may be there", async () => {
  await using database = await freshDatabase();
  await using box = await openPostgresBox(Number(new URL(database.url).port));
  box.strikeCommits({ at: "unanswered", said: /INSERT INTO workers/, times: 1 });
  const pool = await openPool({
    url: box.urlOf(database.url),
    poolMax: 1,
    statementTimeoutMs: 1_000,
  });
  const failure = await failureOf(
    transact(pool, (tx) => tx.query(sql.type(anyRow)`INSERT INTO workers (id) VALUES ('w1')`)),
  );
  expect(failure).toMatchObject({ code: "DATABASE_UNAVAILABLE", disposition: "reconcile" });
  await expect.poll(() => countWorkers(database.pool)).toBe(1n);
  await pool.end();
});

test("a chosen rollback leaves nothing behind and answers its value", async () => {
  await using database = await freshDatabase();
  const answer = await transact<string, string>(database.pool, async (tx, rollBack) => {
    await tx.query(sql.type(anyRow)`INSERT INTO workers (id) VALUES ('w1')`);
    return rollBack("not now");
  });
  expect(answer).toBe("not now");
  expect(await countWorkers(database.pool)).toBe(0n);
});

test("a chosen rollback keeps its connection, and what is prepared on it", async () => {
  await using database = await freshDatabase();
  const sessionOf = (db: CommonQueryMethods) => db.oneFirst(sql.unsafe`SELECT pg_backend_pid()`);
  const sessions = await Promise.all(
    Array.from({ length: 3 }, () =>
      transact<unknown, unknown>(database.pool, async (tx, rollBack) =>
        rollBack(await sessionOf(tx)),
      ),
    ),
  );
  expect(sessions).toContain(await sessionOf(database.pool));
});

test("a deadlock is run again until it passes", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await pool.query(sql.type(anyRow)`INSERT INTO workers (id) VALUES ('a'), ('b')`);
  const touch = (first: string, second: string) =>
    transact(pool, async (tx) => {
      await tx.query(sql.type(anyRow)`UPDATE workers SET name = ${first} WHERE id = ${first}`);
      await tx.query(sql.type(anyRow)`SELECT pg_sleep(0.05)`);
      await tx.query(sql.type(anyRow)`UPDATE workers SET name = ${first} WHERE id = ${second}`);
    });
  await Promise.all([touch("a", "b"), touch("b", "a")]);
  expect(await countWorkers(pool)).toBe(2n);
});

async function countWorkers(pool: Database): Promise<unknown> {
  return pool.oneFirst(sql.unsafe`SELECT count(*) FROM workers`);
}
