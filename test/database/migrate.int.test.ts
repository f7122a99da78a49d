import { Client } from "pg";
import { expect, test } from "vitest";
import { migrate } from "../../src/database/migrate.ts";
import { databaseServer, freshDatabase } from "../support/database.ts";

test("instances that start together migrate once; later ones find nothing to do", async () => {
  const server = await databaseServer();
  const url = await server.createDatabase();
  expect((await migrate(url, { check: true })).pending.length).toBeGreaterThan(0);
  const reports = await Promise.all([migrate(url), migrate(url), migrate(url)]);
  expect(reports.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  expect(await migrate(url, { check: true })).toEqual({ applied: [], pending: [] });
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

test("a database of a newer version is refused, with what to do", async () => {
  await using database = await freshDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query("INSERT INTO migrations (name) VALUES ('9999-future.sql')");
  await client.end();
  await expect(migrate(database.url)).rejects.toMatchObject({
    code: "DEPLOYMENT_MISMATCH",
    message: expect.stringContaining("9999-future.sql"),
  });
});

test("a Postgres that is not there is said to be away", async () => {
  await expect(migrate("postgres://postgres@127.0.0.1:1/x")).rejects.toMatchObject({
    code: "DATABASE_UNAVAILABLE",
    disposition: "retry",
  });
});
