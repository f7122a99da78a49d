import { sql } from "slonik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { startPostgres } from "../../../sandbox/postgres/start-postgres.ts";
import { execute, type Postgres } from "../../../sandbox/postgres/postgres-at.ts";
import { anyRow, openPool, type Database } from "../../../src/database/pool.ts";
import { transact } from "../../../src/database/transact.ts";
import { openPostgresBox, type PostgresBox } from "./postgres-box.ts";
import { backUpDatabase, backUpServer, setReadOnly } from "./postgres-operations.ts";

const running = new AsyncDisposableStack();
let postgres: Postgres;
let box: PostgresBox;
let databases = 0;

beforeAll(async () => {
  postgres = await startPostgres({ fsync: false });
  running.defer(() => postgres.stop());
  box = running.use(await openPostgresBox(postgres.port));
});
afterAll(() => running.disposeAsync());

interface Notes extends AsyncDisposable {
  readonly database: string;
  /** Writes a note through the box; answers what the client was told. */
  write(text: string): Promise<"written" | { readonly code: string; readonly disposition: string }>;
  /** What is there, read without the box. */
  read(): Promise<readonly string[]>;
}

async function openNotes(): Promise<Notes> {
  const database = `notes_${(databases += 1)}`;
  const url = await postgres.createDatabase(database);
  await execute(url, "CREATE TABLE notes (text text NOT NULL)");
  const settings = { poolMax: 2, statementTimeoutMs: 3_000 };
  const pool: Database = await openPool({ ...settings, url: box.urlOf(url) });
  return {
    database,
    async write(text) {
      try {
        await transact(pool, (tx) =>
          tx.query(sql.type(anyRow)`INSERT INTO notes VALUES (${text})`),
        );
        return "written";
      } catch (error) {
        return error as { code: string; disposition: string };
      }
    },
    async read() {
      const direct = await openPool({ ...settings, url });
      try {
        return await direct.anyFirst(
          sql.type(z.object({ text: z.string() }))`SELECT text FROM notes ORDER BY text`,
        );
      } finally {
        await direct.end();
      }
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

const notes = /INSERT INTO notes/;

test("cut before COMMIT reached the server, the row is not there and the client is in doubt", async () => {
  await using table = await openNotes();
  const cut = box.strikeCommits({ at: "before", said: notes, times: 1 });
  expect(await table.write("a")).toMatchObject({ disposition: "reconcile" });
  expect(cut.struck()).toBe(1);
  expect(await table.read()).toEqual([]);
  expect(await table.write("b"), "it strikes once").toBe("written");
});

test("with the answer to COMMIT lost, the row is there and the client is in doubt", async () => {
  await using table = await openNotes();
  const lost = box.strikeCommits({ at: "unanswered", said: notes, times: 1 });
  expect(await table.write("a")).toMatchObject({ disposition: "reconcile" });
  expect(lost.struck()).toBe(1);
  expect(await table.read()).toEqual(["a"]);
});

test("cut after the answer to COMMIT, the row is there and the client knows; the connection is gone", async () => {
  await using table = await openNotes();
  const before = await table.write("a");
  const cut = box.strikeCommits({ at: "answered", said: notes, times: 1 });
  expect([before, await table.write("b")]).toEqual(["written", "written"]);
  expect(cut.struck()).toBe(1);
  expect(await table.read()).toEqual(["a", "b"]);
});

test("a strike waits for the transaction that it is meant for, and not beyond its end", async () => {
  await using table = await openNotes();
  const other = box.strikeCommits({ at: "before", said: /INSERT INTO others/, times: 1 });
  expect(await table.write("a")).toBe("written");
  expect(other.struck()).toBe(0);
  other.disarm();
});

test("refused, slow, and out of connections: nothing is written that the client does not know of", async () => {
  await using table = await openNotes();
  await table.write("a");
  await box.refuse();
  expect(await table.write("b")).toMatchObject({ disposition: "retry" });
  await box.mend();

  const before = box.disturbed();
  box.slow(20);
  expect(await table.write("c")).toBe("written");
  box.slow(0);
  expect(box.disturbed()).toBeGreaterThan(before);

  const exhausted = box.exhaustConnections();
  // The pool meets its broken connection first.
  expect([await table.write("d"), await table.write("d")]).toMatchObject([
    { disposition: "retry" },
    { disposition: "retry", context: { sqlState: "53300" } },
  ]);
  expect(exhausted.struck()).toBe(1);
  exhausted.disarm();
  expect(await table.write("e")).toBe("written");
  expect(await table.read()).toEqual(["a", "c", "e"]);
});

test("a read-only server refuses with 25006, and the box sees it", async () => {
  await using table = await openNotes();
  await setReadOnly(postgres, table.database, true);
  box.cut();
  expect(await table.write("a")).not.toBe("written");
  expect(box.errorsSeen("25006")).toBe(1);
  await setReadOnly(postgres, table.database, false);
  box.cut();
  expect(await table.write("b")).toBe("written");
});

test("a copy of the whole server put back forgets what came later, and its WAL position goes back", async () => {
  await using table = await openNotes();
  await table.write("before");
  const backup = await backUpServer(postgres);
  await table.write("after");
  // As after some traffic: coming up writes a few records of its own.
  await execute(postgres.url, "SELECT pg_switch_wal()");
  const reached = await walPosition();
  await backup.restore();
  await backup.discard();
  expect(await table.read()).toEqual(["before"]);
  expect(await walPosition()).toBeLessThan(reached);
  expect(await writeAgain(table)).toBe("written");
});

test("a copy of one database put back forgets what came later, and the WAL position stays", async () => {
  await using table = await openNotes();
  await table.write("before");
  const backup = await backUpDatabase(postgres, table.database);
  await writeAgain(table);
  const reached = await walPosition();
  await backup.restore();
  await backup.discard();
  expect(await table.read()).toEqual(["before"]);
  expect(await walPosition()).toBeGreaterThan(reached);
});

/** The pool meets its broken connections first. */
async function writeAgain(table: Notes): Promise<unknown> {
  await table.write("met");
  return table.write("again");
}

async function walPosition(): Promise<bigint> {
  const pool = await openPool({ url: postgres.url, poolMax: 1, statementTimeoutMs: 3_000 });
  try {
    return await pool.oneFirst(
      sql.type(z.object({ position: z.bigint() }))`
        SELECT (pg_current_wal_lsn() - '0/0')::bigint AS position`,
    );
  } finally {
    await pool.end();
  }
}
