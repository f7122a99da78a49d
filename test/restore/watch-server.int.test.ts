import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { sql } from "slonik";
import { beforeAll, afterAll, expect, test } from "vitest";
import { migrate } from "../../src/database/migrate.ts";
import { anyRow, openPool, type Database } from "../../src/database/pool.ts";
import { readServerPlace } from "../../src/database/server-place.ts";
import { readRestore } from "../../src/restore/read-restore.ts";
import { createServerWatch, type ServerWatch } from "../../src/restore/watch-server.ts";
import { execute } from "../../sandbox/postgres/postgres-at.ts";
import { rowsOf } from "../support/read-rows.ts";
import { insertDeployment } from "../support/seed.ts";
import { confirmRestore } from "./confirm-restore.ts";
import { cloneDatabase, startRestorable, type RestorableServer } from "./restorable.ts";

const log = pino({ level: "silent" });
let server: RestorableServer;

beforeAll(async () => {
  server = await startRestorable();
});
afterAll(() => server[Symbol.asyncDispose]());

function open(url: string, watch: ServerWatch): Promise<Database> {
  return openPool({
    url,
    poolMax: 2,
    statementTimeoutMs: 5_000,
    onConnection: (connection) => watch.look(connection),
  });
}

async function note(pool: Database): Promise<void> {
  await pool.query(
    sql.type(anyRow)`INSERT INTO audit_log (actor, action) VALUES ('test', 'noted')`,
  );
}

/** A pool that lost its server fails whoever asks first, and then connects anew. */
async function reconnected(pool: Database): Promise<void> {
  await expect.poll(() => note(pool).then(() => "back"), { timeout: 10_000 }).toBe("back");
}

test("files put back under a running service are noticed on the first new connection, before anything reads them", async () => {
  const watch = createServerWatch(log);
  const pool = await open(server.url, watch);
  await insertDeployment(pool);
  await note(pool);
  const backup = await server.backUp();
  await reconnected(pool);
  expect((await readRestore(pool)).open, "a restart alone is none").toBeNull();
  for (let i = 0; i < 50; i += 1) await note(pool);
  await watch.look(pool);
  await backup.restore();
  await reconnected(pool);
  const { open: restore, restoredAt } = await readRestore(pool);
  expect(restore?.signs).toMatchObject({
    "server position": { kind: "server", changed: "position" },
  });
  expect(restoredAt).toEqual(restore?.detectedAt);
  const [first] = (await rowsOf(pool, "audit_log")).filter(({ action }) => action !== "noted");
  expect(first).toMatchObject({ actor: "system", action: "alarm.restored" });
  await watch.look(pool);
  expect(Object.keys((await readRestore(pool)).open?.signs ?? {}), "it is measured anew").toEqual([
    "server position",
  ]);
  await pool.end();
});

test("a crash of the server is no restore: what it answered is there", async () => {
  const watch = createServerWatch(log);
  const url = await server.postgres.createDatabase();
  await migrate(url);
  const pool = await open(url, watch);
  for (let i = 0; i < 200; i += 1) {
    await note(pool);
    await watch.look(pool);
  }
  await server.postgres.server.down("SIGKILL");
  await server.postgres.server.up();
  await reconnected(pool);
  expect((await readRestore(pool)).open).toBeNull();
  await pool.end();
});

test("a promotion counts as a restore, though nothing was lost: a replica cannot tell whether it lagged", async () => {
  const watch = createServerWatch(log);
  const url = await server.postgres.createDatabase();
  await migrate(url);
  const pool = await open(url, watch);
  await note(pool);
  const before = await readServerPlace(pool);
  await server.postgres.server.down();
  await writeFile(join(server.dir, "recovery.signal"), "");
  await appendFile(join(server.dir, "postgresql.auto.conf"), "restore_command = '/bin/false'\n");
  await server.postgres.server.up();
  await reconnected(pool);
  const after = await readServerPlace(pool);
  expect(after.position).toBeGreaterThanOrEqual(before.position ?? 0n);
  expect((await readRestore(pool)).open?.signs).toMatchObject({
    "server timeline": { from: before.timeline, to: after.timeline },
  });
  await pool.end();
});

test("a dump loaded in the database's place is noticed too, though the server's log only grew", async () => {
  const watch = createServerWatch(log);
  const url = await server.postgres.createDatabase();
  await migrate(url);
  const first = await open(url, watch);
  await note(first);
  await first.end();
  const backup = await cloneDatabase(url);
  await backup.restore();
  const second = await open(url, watch);
  expect((await readRestore(second)).open?.signs).toMatchObject({
    "server database": { changed: "database" },
  });
  await second.end();
});

test("a process that was frozen meanwhile sees what an operator has looked at: no second restore", async () => {
  const url = await server.postgres.createDatabase();
  await migrate(url);
  const [awake, frozen] = [createServerWatch(log), createServerWatch(log)];
  const first = await open(url, awake);
  await insertDeployment(first);
  await frozen.look(first);
  await first.end();
  const backup = await cloneDatabase(url);
  await backup.restore();
  const second = await open(url, awake);
  await confirmRestore(second);
  await frozen.look(second);
  expect((await readRestore(second)).open).toBeNull();
  await second.end();
});

test("the same of a server whose log went back, and the next time is another restore", async () => {
  const [watch, frozen] = [createServerWatch(log), createServerWatch(log)];
  const pool = await open(server.url, watch);
  const backup = await server.backUp();
  await reconnected(pool);
  for (let i = 0; i < 50; i += 1) await note(pool);
  await frozen.look(pool);
  for (let i = 0; i < 50; i += 1) await note(pool);
  await watch.look(pool);
  await backup.restore();
  await reconnected(pool);
  await confirmRestore(pool);
  await frozen.look(pool);
  expect((await readRestore(pool)).open, "it had seen no more than was looked at").toBeNull();
  for (let i = 0; i < 200; i += 1) await note(pool);
  await watch.look(pool);
  await backup.restore();
  await reconnected(pool);
  expect(
    (await readRestore(pool)).open,
    "the backup knows nothing of the operator's word",
  ).not.toBeNull();
  await pool.end();
});

test("a role that may not see the server's identity is measured by the rest", async () => {
  const url = await server.postgres.createDatabase();
  await migrate(url);
  const name = new URL(url).pathname.slice(1);
  await execute(url, `REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`);
  await execute(url, `CREATE ROLE modest_${name} LOGIN`);
  const pool = await open(url.replace("postgres@", `modest_${name}@`), createServerWatch(log));
  expect(await readServerPlace(pool)).toMatchObject({
    system: null,
    timeline: expect.stringMatching(/^[0-9A-F]{8}$/),
    position: expect.any(BigInt),
  });
  await execute(url, `REVOKE EXECUTE ON FUNCTION pg_current_wal_flush_lsn() FROM PUBLIC`);
  expect(await readServerPlace(pool)).toMatchObject({
    position: null,
    database: expect.any(String),
  });
  await pool.end();
});
