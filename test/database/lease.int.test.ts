import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { sql } from "slonik";
import { expect, test } from "vitest";
import { holdLease } from "../../src/database/lease.ts";
import { anyRow } from "../../src/database/pool.ts";
import { freshDatabase } from "../support/database.ts";

const log = pino({ level: "silent" });

/** A holder whose work lasts until its lease is lost or it is stopped. */
function hold(databaseUrl: string, name = "test") {
  const stop = new AbortController();
  let taken = 0;
  let working = false;
  const done = holdLease(
    { databaseUrl, log },
    name,
    async (signal) => {
      taken += 1;
      working = true;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      working = false;
    },
    stop.signal,
  );
  return {
    untilTaken: (times: number) => expect.poll(() => taken, { timeout: 20_000 }).toBe(times),
    isWorking: () => working,
    async stop() {
      stop.abort();
      await done;
    },
  };
}

test("one of two works; when it stops the other takes over", async () => {
  await using database = await freshDatabase();
  const one = hold(database.url);
  await one.untilTaken(1);
  const two = hold(database.url);
  const other = hold(database.url, "another lease");
  await other.untilTaken(1);
  expect([one.isWorking(), two.isWorking()]).toEqual([true, false]);
  await one.stop();
  await two.untilTaken(1);
  await Promise.all([two.stop(), other.stop()]);
});

test("whoever watches hears that a lease is waited for, taken and lost", async () => {
  await using database = await freshDatabase();
  const heard: string[] = [];
  const stop = new AbortController();
  const onHeld = (lease: string, isHeld: boolean) => void heard.push(`${lease} ${isHeld}`);
  const work = async () => {
    heard.push("working");
    stop.abort();
  };
  await holdLease({ databaseUrl: database.url, log, onHeld }, "test", work, stop.signal);
  expect(heard).toEqual(["test false", "test true", "working", "test false"]);
});

test("a process that is frozen loses its lease, though its connection lives", async () => {
  await using database = await freshDatabase();
  const frozen = spawn(process.execPath, ["--input-type=module", "-e", HOLDER, database.url]);
  try {
    await once(frozen.stdout, "data");
    frozen.kill("SIGSTOP");
    const other = hold(database.url);
    await other.untilTaken(1);
    await other.stop();
  } finally {
    frozen.kill("SIGKILL");
  }
});

/** Holds the lease "test" and says so. */
const HOLDER = `
  import { holdLease } from ${JSON.stringify(fileURLToPath(new URL("../../src/database/lease.ts", import.meta.url)))};
  const log = { info() {}, warn() {} };
  const work = (signal) => {
    console.log("taken");
    return new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  await holdLease({ databaseUrl: process.argv[1], log }, "test", work, new AbortController().signal);
`;

test("whose connection is ended stops its work, and the lease is somebody's again", async () => {
  await using database = await freshDatabase();
  const one = hold(database.url);
  await one.untilTaken(1);
  await database.pool.query(sql.type(anyRow)`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'gigstream lease test' AND datname = current_database()`);
  // It is taken again only after the first work has ended.
  await one.untilTaken(2);
  expect(one.isWorking()).toBe(true);
  await one.stop();
});
