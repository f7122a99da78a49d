import { sql } from "slonik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { anyRow } from "../../src/database/pool.ts";
import { verifyNew } from "../../src/settlement/verify-new.ts";
import { verifyLedger } from "../../src/settlement/verify.ts";
import type { ChainSource } from "../../src/settlement/verify-chain.ts";
import type { SlotSource } from "../../src/settlement/verify-slots.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";
import { tamper } from "../support/tamper.ts";
import { writeHistory } from "./long-history.ts";
import { instance } from "./settle-world.ts";

const PAYMENTS = 20_000;
const HEAD = BigInt(PAYMENTS / 50);

/** The chain of that history has no block after its head, and each slot says what the history says. */
const chain: ChainSource & SlotSource = {
  header: async (number) => ({
    number,
    hash: "0xhead",
    parentHash: "0x",
    timestamp: new Date(),
  }),
  payOnceLogs: async () => [],
  slots: async (refs) => refs.map(() => ({ paid: true, floor: 0 })),
};

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  await writeHistory(database.pool, PAYMENTS);
});

afterAll(() => database[Symbol.asyncDispose]());

test("a long history that is whole verifies whole, every row of it looked at", async () => {
  const { pool } = database;
  const options = { range: { fromBlock: HEAD + 1n }, slots: 0, lateAfterMs: 60_000 };
  const { mismatches, checks } = await verifyLedger({ pool, instance, chain }, options);
  expect(mismatches).toEqual([]);
  expect(checks.find(({ name }) => name === "money_not_conserved")?.rows).toBe(PAYMENTS);
});

test("a look at what is new reads what is new: no table of the history from end to end", async () => {
  const { pool } = database;
  const look = () => verifyNew({ pool, instance, chain }, { lateAfterMs: 60_000 });
  await look();
  await tamper(
    pool,
    sql.type(anyRow)`
      UPDATE inbox SET received_at = payment_now()
      WHERE payment_id IN (SELECT id FROM payments WHERE state = 'completed' ORDER BY id LIMIT 20)`,
    sql.type(
      anyRow,
    )`UPDATE verify_watermark SET checked_until = payment_now() - interval '10 seconds'`,
  );
  const before = await scansOf(database);
  const found = await look();
  expect(found?.mismatches).toEqual([]);
  expect(found?.checks.find(({ name }) => name === "outcome_missing")?.rows).toBe(20);
  const after = await scansOf(database);
  const scanned = [...after].filter(([table, count]) => count !== before.get(table));
  expect(scanned.map(([table]) => table)).toEqual([]);
});

const scansRow = z.object({ relname: z.string(), seq_scan: z.bigint() });

/** How often each table of history was read from end to end so far. */
async function scansOf({ pool }: FreshDatabase): Promise<Map<string, bigint>> {
  // Each session hands its counts over at the latest when it is asked to.
  const rows = await pool.connect(async (connection) => {
    await connection.query(sql.type(anyRow)`SELECT pg_stat_force_next_flush()`);
    return connection.any(sql.type(scansRow)`
      SELECT relname, seq_scan FROM pg_stat_user_tables
      WHERE relname IN ('payments', 'payment_outcomes', 'chain_events', 'outbox', 'inbox', 'audit_log', 'reputation_events')`);
  });
  return new Map(rows.map((row) => [row.relname, row.seq_scan]));
}
