import { pino } from "pino";
import { sql } from "slonik";
import { expect, test } from "vitest";
import { connectSignals } from "../../src/database/listen.ts";
import { anyRow } from "../../src/database/pool.ts";
import { createWake, type Wake } from "../../src/wake.ts";
import { freshDatabase } from "../support/database.ts";

const log = pino({ level: "silent" });
/** Far above what a ring takes, far below the test's own limit. */
const PATIENCE_MS = 20_000;

/** Whether the bell rang, rather than the time ran out. */
async function rang(wake: Wake): Promise<boolean> {
  const startMs = performance.now();
  await wake.heard(PATIENCE_MS, new AbortController().signal);
  return performance.now() - startMs < PATIENCE_MS;
}

test("what one instance announces wakes the stages of the others, each by its own bell", async () => {
  await using database = await freshDatabase();
  const stop = new AbortController();
  const here = { dispatch: createWake(), relay: createWake() };
  const there = { dispatch: createWake(), relay: createWake() };
  const deps = { databaseUrl: database.url, log };
  const ours = connectSignals(deps, here, stop.signal);
  const theirs = connectSignals(deps, there, stop.signal);
  // Every connect rings everything once, since calls may have been missed.
  expect(await Promise.all([...Object.values(here), ...Object.values(there)].map(rang))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  for (let times = 0; times < 50; times += 1) ours.announce("dispatch");
  expect(await rang(there.dispatch)).toBe(true);
  expect(await rang(here.dispatch)).toBe(true);
  theirs.announce("relay");
  expect(await rang(here.relay)).toBe(true);
  stop.abort();
  await Promise.all([ours.closed, theirs.closed]);
});

test("a listener whose connection is cut listens again and rings, since it may have missed calls", async () => {
  await using database = await freshDatabase();
  const stop = new AbortController();
  const here = { dispatch: createWake() };
  const signals = connectSignals({ databaseUrl: database.url, log }, here, stop.signal);
  expect(await rang(here.dispatch)).toBe(true);
  await database.pool.query(sql.type(anyRow)`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'gigstream signals' AND datname = current_database()`);
  expect(await rang(here.dispatch)).toBe(true);
  stop.abort();
  await signals.closed;
});
