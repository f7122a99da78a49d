import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { sql } from "slonik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { OWN_INSTANCE } from "../../bench/contest/own-service.ts";
import { makeFitToMeasure } from "../../bench/history/fit-to-measure.ts";
import { blockAt, historyUntil } from "../../bench/history/history.ts";
import { loadHistory } from "../../bench/history/load-history.ts";
import { goOnFrom, readRestMs } from "../../bench/history/past.ts";
import { hashOf } from "../../bench/rail/rpc.ts";
import { forgetEvents } from "../../src/live/forget-events.ts";
import { storeFirstCursor } from "../../src/settlement/cursor.ts";
import type { ChainSource } from "../../src/settlement/verify-chain.ts";
import type { SlotSource } from "../../src/settlement/verify-slots.ts";
import { verifyNew } from "../../src/settlement/verify-new.ts";
import { verifyLedger } from "../../src/settlement/verify.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";

const PAYMENTS = 10_000;
const history = historyUntil(Date.now(), PAYMENTS);
const head = BigInt(blockAt(history, history.endMs));

/** The loaded blocks are on no chain; each slot says what the history says. */
const chain: ChainSource & SlotSource = {
  header: async (number) => ({ number, hash: "0xhead", parentHash: "0x", timestamp: new Date() }),
  payOnceLogs: async () => [],
  slots: async (refs) => refs.map(() => ({ paid: true, floor: 0 })),
};

const definition = z.object({ text: z.string() });

/** Every index, key and trigger there is, as the catalogue says it. */
async function definitionsOf({ pool }: FreshDatabase): Promise<readonly string[]> {
  const rows = await pool.any(sql.type(definition)`
    SELECT pg_get_indexdef(indexrelid) AS text FROM pg_index JOIN pg_class ON oid = indexrelid
      WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s', tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal`);
  return rows.map(({ text }) => text).toSorted();
}

let database: FreshDatabase;
let before: readonly string[];

beforeAll(async () => {
  database = await freshDatabase();
  before = await definitionsOf(database);
  const signal = new AbortController().signal;
  await loadHistory(database.url, history, { signal, say: () => undefined });
});

afterAll(() => database[Symbol.asyncDispose]());

test("a loaded history verifies whole, each of its payments looked at", async () => {
  const { pool } = database;
  await storeFirstCursor(pool, OWN_INSTANCE, { number: head, hash: "0xhead" });
  const options = { range: { fromBlock: head + 1n }, slots: 0, lateAfterMs: 60_000 };
  const { mismatches, checks } = await verifyLedger(
    { pool, instance: OWN_INSTANCE, chain },
    options,
  );
  expect(mismatches).toEqual([]);
  expect(checks.find(({ name }) => name === "outcome_missing")?.rows).toBe(PAYMENTS);
  expect(checks.find(({ name }) => name === "paid_unknown")?.rows).toBe(PAYMENTS * 0.99);
});

test("loading leaves every index, key and trigger as the migrations made it", async () => {
  expect(await definitionsOf(database)).toEqual(before);
});

test("what is kept for seven days only is not in it for longer", async () => {
  const count = z.object({ count: z.bigint() });
  const { count: kept } = await database.pool.one(
    sql.type(count)`SELECT count(*) FROM live_events`,
  );
  // One send of twenty is as old as that, at most.
  expect(await forgetEvents(database.pool)).toBeLessThanOrEqual(20);
  expect(Number(kept)).toBeGreaterThan(PAYMENTS / 20);
});

async function goOnFromHere(databaseUrl: string, signal: AbortSignal): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "gigstream-past-"));
  try {
    await goOnFrom(history, { databaseUrl, directory }, signal);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test("no look of a round's verification reaches what was written before it: that is on no chain of this one", async () => {
  const { pool, url: databaseUrl } = database;
  await pool.query(sql.type(z.unknown())`
    INSERT INTO inbox (platform_id, event_id, payload_hash, payment_id, verdict, topic, partition, record_offset, received_at)
    SELECT i.platform_id, event_id || '-late', payload_hash, payment_id, verdict, topic, partition, record_offset + 1000000,
      payment_now() - interval '65 seconds' FROM inbox i JOIN payments p ON p.id = payment_id WHERE p.state = 'completed' LIMIT 1`);
  await goOnFromHere(databaseUrl, AbortSignal.timeout(10_000));
  const freshChain = {
    ...chain,
    header: async (number: bigint) => ({
      number,
      hash: hashOf(Number(number)),
      parentHash: "0x",
      timestamp: new Date(),
    }),
    slots: async (refs: readonly string[]) => refs.map(() => ({ paid: false, floor: 0 })),
  };
  for (const _ of [1, 2]) {
    const look = await verifyNew(
      { pool, instance: OWN_INSTANCE, chain: freshChain },
      { lateAfterMs: 60_000 },
    );
    expect(look?.mismatches).toEqual([]);
  }
});

test("a round waits until no look reaches what the one before it took in, and the first one does not wait", async () => {
  const { pool, url } = database;
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    expect(await readRestMs(client)).toBe(0);
    await pool.query(sql.type(z.unknown())`
      INSERT INTO kafka_offsets (topic, partition, next_offset, updated_at)
      VALUES ('task.completed', 0, 1, payment_now() + interval '1 hour')`);
    expect(await readRestMs(client)).toBeGreaterThan(60 * 60_000);
    await expect(goOnFromHere(url, AbortSignal.timeout(1_000))).rejects.toThrow("aborted");
    await pool.query(
      sql.type(
        z.unknown(),
      )`UPDATE kafka_offsets SET updated_at = payment_now() - interval '1 hour'`,
    );
    expect(await readRestMs(client)).toBe(0);
  } finally {
    await client.end();
  }
});

test("a round in a database where an earlier one left something is no round", async () => {
  await makeFitToMeasure(database.url);
  await database.pool.query(sql.type(z.unknown())`
    INSERT INTO pauses (scope, reason, actor) VALUES ('all', 'verification', 'system')`);
  await expect(makeFitToMeasure(database.url)).rejects.toThrow(
    "left something in this database: pauses 1",
  );
});
