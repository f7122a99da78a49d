import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client } from "pg";
import { expect, test } from "vitest";

import { startPostgres } from "../../sandbox/postgres/start-postgres.ts";
import { eventually, isAlive } from "./process-census.ts";
import { startOwner } from "./start-owner.ts";

test("two Postgres side by side are 18, separate, and leave nothing when stopped", async () => {
  const [one, two] = await Promise.all([
    startPostgres({ fsync: false }),
    startPostgres({ fsync: false }),
  ]);
  const directories = await Promise.all([one.url, two.url].map(dataDirectory));
  expect(await queryRows(one.url, "SHOW server_version_num")).toEqual([
    { server_version_num: expect.stringMatching(/^18/) },
  ]);
  await queryRows(one.url, "CREATE TABLE only_here (id int)");
  expect(await queryRows(two.url, "SELECT to_regclass('only_here') AS found")).toEqual([
    { found: null },
  ]);

  const [first, second] = await Promise.all([one.createDatabase(), one.createDatabase()]);
  expect(first).not.toBe(second);
  expect(await queryRows(first, "SELECT 1 AS one")).toEqual([{ one: 1 }]);

  await Promise.all([one.stop(), two.stop()]);
  expect(await Promise.all([one, two].map(({ server }) => isAlive(server.pid)))).toEqual([
    false,
    false,
  ]);
  expect(directories.map((path) => existsSync(path))).toEqual([false, false]);
});

test("a commit is durable unless speed was asked for, and a named directory keeps it", async () => {
  const dir = await mkdtemp(join(tmpdir(), "kept-postgres-"));
  try {
    const before = await startPostgres({ dir });
    expect(await queryRows(before.url, "SHOW fsync")).toEqual([{ fsync: "on" }]);
    await queryRows(before.url, "CREATE TABLE kept AS SELECT 7 AS value");
    await before.stop();
    const after = await startPostgres({ dir });
    expect(await queryRows(after.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
    await after.stop();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test("without fsync, a server killed -9 still keeps every commit it answered", async () => {
  const postgres = await startPostgres({ fsync: false });
  await queryRows(postgres.url, "CREATE TABLE kept AS SELECT 7 AS value");
  await postgres.server.down("SIGKILL");
  await postgres.server.up();
  expect(await queryRows(postgres.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
  await postgres.stop();
});

test("an owner killed -9 takes Postgres, its backends and its data along", async () => {
  const owner = await startOwner<{ pid: number; url: string }>(
    `const { server, url } = await startPostgres(); report({ pid: server.pid, url });`,
  );
  const { pid, url } = owner.reported;
  const client = new Client({ connectionString: url });
  const cut = new Promise((resolve) => client.on("error", resolve));
  await client.connect();
  const { rows } = await client.query(
    "SELECT pg_backend_pid() AS pid, current_setting('data_directory') AS path",
  );
  await owner.die("SIGKILL");
  await cut;
  for (const process of [pid, rows[0].pid]) {
    expect(await eventually(async () => !(await isAlive(process)))).toBe(true);
  }
  expect(await eventually(async () => !existsSync(rows[0].path))).toBe(true);
});

async function dataDirectory(url: string): Promise<string> {
  const [row] = await queryRows(url, "SELECT current_setting('data_directory') AS path");
  return (row as { path: string }).path;
}

async function queryRows(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
