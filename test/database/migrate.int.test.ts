import { Client } from "pg";
import { expect, test } from "vitest";
import { migrate } from "../../src/database/migrate.ts";
import { readMigrations } from "../../src/database/migration-files.ts";
import { databaseServer, freshDatabase } from "../support/database.ts";

test("instances that start together migrate once; later ones find nothing to do", async () => {
  const server = await databaseServer();
  const url = await server.createDatabase();
  expect((await migrate(url, { check: true })).pending.length).toBeGreaterThan(0);
  const reports = await Promise.all([migrate(url), migrate(url), migrate(url)]);
  expect(reports.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  expect(await migrate(url, { check: true })).toMatchObject({
    applied: [],
    pending: [],
    newer: [],
  });
});

test("looking changes nothing", async () => {
  const server = await databaseServer();
  const url = await server.createDatabase();
  await migrate(url, { check: true });
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    "SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = 'public'",
  );
  await client.end();
  expect(rows).toEqual([{ n: 0 }]);
});

/** Applies what a newer version would, as its own `migrate` writes it down. */
async function migratedFurther(url: string, name: string, oldestLevel: number | null) {
  const client = new Client({ connectionString: url });
  await client.connect();
  const insert = "INSERT INTO migrations (name, oldest_level) VALUES ($1, $2)";
  await client.query(insert, [name, oldestLevel]);
  await client.end();
}

test("a newer version's schema is run against where that version says that it may be, and no further", async () => {
  const level = Math.max(...(await readMigrations()).map((file) => file.level));
  await using database = await freshDatabase();
  await migratedFurther(database.url, "9998-expand.sql", level);
  expect(await migrate(database.url, { check: true })).toMatchObject({
    pending: [],
    newer: ["9998-expand.sql"],
  });
  // A rolled back version's own `migrate` has nothing to do, either.
  expect((await migrate(database.url)).applied).toEqual([]);
  await migratedFurther(database.url, "9999-contract.sql", level + 1);
  await expect(migrate(database.url, { check: true })).rejects.toMatchObject({
    code: "DEPLOYMENT_MISMATCH",
    message: expect.stringMatching(/\(9999-contract\.sql\): run a newer version/),
  });
});

test("a newer migration that declares nothing is taken for one that takes something away", async () => {
  await using database = await freshDatabase();
  await migratedFurther(database.url, "9999-future.sql", null);
  await expect(migrate(database.url)).rejects.toMatchObject({ code: "DEPLOYMENT_MISMATCH" });
});

test("a migration waits for a table in use and does not fail for it", async () => {
  const server = await databaseServer();
  const url = await server.createDatabase();
  const client = new Client({ connectionString: url });
  await client.connect();
  // The name of a table to come, in use by somebody for longer than one try.
  await client.query("BEGIN; CREATE TABLE platforms (id text)");
  const migrated = migrate(url);
  // A transaction sees one picture of what the others do, so somebody else looks.
  const watcher = new Client({ connectionString: url });
  await watcher.connect();
  const tries = new Set<string>();
  await expect
    .poll(
      async () => {
        const { rows } = await watcher.query<{ xact_start: string }>(
          "SELECT xact_start::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        for (const { xact_start: start } of rows) tries.add(start);
        return tries.size;
      },
      { timeout: 20_000 },
    )
    .toBe(2);
  await client.query("ROLLBACK");
  await Promise.all([client.end(), watcher.end()]);
  expect((await migrated).applied.length).toBeGreaterThan(0);
});

test("a Postgres that is not there is said to be away", async () => {
  await expect(migrate("postgres://postgres@127.0.0.1:1/x")).rejects.toMatchObject({
    code: "DATABASE_UNAVAILABLE",
    disposition: "retry",
  });
});
