import { pino } from "pino";
import { sql } from "slonik";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { serviceLogin } from "../../sandbox/postgres/service-login.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { prune, type PruneOptions } from "../../src/pruning/prune.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { getDeadLetter } from "../../src/queries/get-dead-letter.ts";
import { getPayment } from "../../src/queries/get-payment.ts";
import { openRestore } from "../../src/restore/open-restore.ts";
import { LEDGER_CHECKS } from "../../src/settlement/ledger-checks.ts";
import { verifyLedger } from "../../src/settlement/verify.ts";
import { freshDatabase } from "../support/database.ts";
import { gigpayHere } from "../support/gigpay-here.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { tamper } from "../support/tamper.ts";
import { instance } from "../settlement/settle-world.ts";
import { AGE_DAYS, agedWorld } from "./aged-world.ts";

const OLDER_THAN: PruneOptions = {
  olderThanDays: AGE_DAYS - 10,
  dryRun: false,
  actor: "operator:ada",
  pause: async () => {},
};
/** Three payments' events and two letters' records; one letter; three sends, of one payment each. */
const OLD = { outbox: 5, dead_letters: 1, transactions: 3 };
const OLD_TASKS = ["old-1", "old-2", "old-3"];
const NO_DECODER = async () => ({ ok: false }) as const;

async function pruneOld(pool: Database, changes: Partial<PruneOptions> = {}) {
  const { tables } = await prune(pool, { ...OLDER_THAN, ...changes });
  return Object.fromEntries(tables.map(({ table, rows }) => [table, rows]));
}

const leftRow = z.object({
  outbox: z.number(),
  dead_letters: z.number(),
  transactions: z.number(),
});

/** How many rows of each table still have their bytes. */
function left(pool: Database) {
  return pool.one(sql.type(leftRow)`
    SELECT (SELECT count(*)::int FROM outbox) AS outbox,
      (SELECT count(*)::int FROM dead_letters WHERE value IS NOT NULL) AS dead_letters,
      (SELECT count(*)::int FROM transactions WHERE calldata IS NOT NULL) AS transactions`);
}

test("what is over for long enough loses its bytes, and nothing younger, open, or unpublished does", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const { letters } = await agedWorld(pool);
  await pool.query(sql.type(anyRow)`
    INSERT INTO outbox (event_id, topic, payload, created_at) VALUES
      (gen_random_uuid(), 'task.completed.dlq', 'waits for Kafka', payment_now() - interval '99 days')`);
  const before = await left(pool);
  expect(await pruneOld(pool)).toEqual(OLD);
  expect(await left(pool)).toEqual({
    outbox: before.outbox - OLD.outbox,
    dead_letters: before.dead_letters - OLD.dead_letters,
    transactions: before.transactions - OLD.transactions,
  });
  const kept = await rowsOf(pool, "outbox");
  expect(kept.filter(({ published_at: at }) => at === null)).toHaveLength(2);
  const letterOf = (id: string) => getDeadLetter(pool, NO_DECODER, id);
  expect(await letterOf(letters.old)).toMatchObject({
    status: "discarded",
    value: null,
    headers: {},
  });
  expect((await letterOf(letters.open))?.value?.text).toBe("garbage");
  expect((await letterOf(letters.young))?.value?.text).toBe("garbage");
  // Nothing is left to do, and nothing is done.
  expect(await pruneOld(pool)).toEqual({ outbox: 0, dead_letters: 0, transactions: 0 });
});

describe("after pruning", () => {
  test("events that are read again, as after a restored Kafka, are duplicates: no payment and no event comes of them", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { rewind } = await agedWorld(pool);
    await pruneOld(pool);
    const events = await countOf(pool, "outbox");
    const payments = await rowsOf(pool, "payments");
    const outcome = await rewind(OLD_TASKS);
    expect(outcome).toMatchObject({
      kind: "durable",
      results: OLD_TASKS.map(() => ({ verdict: "duplicate", state: "completed" })),
    });
    expect(await rowsOf(pool, "payments")).toEqual(payments);
    expect(await countOf(pool, "outbox")).toBe(events);
  });

  test("every check of the ledger passes, and an event that is lost since is still missed", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain } = await agedWorld(pool);
    const verify = () =>
      verifyLedger(
        { pool, instance, chain },
        { range: { fromBlock: 101n }, slots: "all", lateAfterMs: 60_000 },
      );
    await pruneOld(pool);
    const { mismatches, checks } = await verify();
    expect(mismatches).toEqual([]);
    expect(checks).toHaveLength(Object.keys(LEDGER_CHECKS).length + 2);
    await tamper(pool, sql.type(anyRow)`DELETE FROM outbox WHERE payment_id IS NOT NULL`);
    const kinds = (await verify()).mismatches.map(({ kind }) => kind);
    expect(kinds).toEqual(["event_missing", "event_missing"]);
  });

  test("the API says of a payment what it said before, but for when Kafka had its event", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    await agedWorld(pool);
    const read = () => getPayment(pool, paymentIdOf("acme", "old-1"));
    const before = await read();
    await pruneOld(pool);
    const stages = before?.timeline ?? [];
    expect(stages.at(-1)?.stage).toBe("relay");
    expect(await read()).toEqual({ ...before, timeline: stages.slice(0, -1) });
  });
});

test("broken off in the middle, it goes on where it was, and again from the start of what came since", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await agedWorld(pool);
  const before = await left(pool);
  let pauses = 0;
  const broken = pruneOld(pool, {
    rowsMax: 1,
    pause: async () => {
      pauses += 1;
      if (pauses === 3) throw new Error("killed");
    },
  });
  await expect(broken).rejects.toThrow("killed");
  expect(await left(pool)).toEqual({ ...before, outbox: before.outbox - 3 });
  expect(await pruneOld(pool, { rowsMax: 1 })).toEqual({ ...OLD, outbox: OLD.outbox - 3 });
  expect(await rowsOf(pool, "prunings")).toMatchObject([
    { ended_at: null },
    { ended_at: expect.any(Date), actor: "operator:ada" },
  ]);
});

test("the database lets go of what was announced and is over, by nobody else's word and of nothing else", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await agedWorld(pool);
  const refusals = [
    sql.fragment`DELETE FROM outbox`,
    sql.fragment`TRUNCATE outbox`,
    sql.fragment`UPDATE dead_letters SET value = NULL`,
    sql.fragment`UPDATE dead_letters SET value = 'other', key = NULL, headers = '{}'`,
    sql.fragment`DELETE FROM dead_letters`,
    sql.fragment`TRUNCATE dead_letters`,
    sql.fragment`UPDATE transactions SET calldata = NULL, raw = NULL`,
    sql.fragment`UPDATE transactions SET calldata = '0x00'`,
    sql.fragment`DELETE FROM prunings`,
    sql.fragment`TRUNCATE prunings`,
  ];
  const refusesAll = async () => {
    for (const statement of refusals) {
      const asked = pool.query(sql.type(anyRow)`${statement}`);
      await expect(asked, statement.sql).rejects.toThrow("refused");
    }
  };
  await pool.query(sql.type(anyRow)`
    INSERT INTO prunings (before, actor) VALUES (payment_now() - interval '200 days', 'ada')`);
  await refusesAll();
  await pruneOld(pool);
  // Of the young ones, still.
  await refusesAll();
  const tooYoung = pool.query(sql.type(anyRow)`
    INSERT INTO prunings (before, actor) VALUES (payment_now() - interval '6 days', 'ada')`);
  await expect(tooYoung).rejects.toMatchObject({ constraint: "prunings_before_check" });
});

test("while a restored backup waits for its operator, nothing is thrown away", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await agedWorld(pool);
  const log = pino({ level: "silent" });
  await openRestore({ db: pool, log }, { kind: "declared", actor: "ada", reason: "restored" });
  const before = await left(pool);
  await expect(pruneOld(pool)).rejects.toMatchObject({ code: "OPERATION_REFUSED" });
  expect(await left(pool)).toEqual(before);
});

test("gigpay prune, under the service's own login, counts first, drops as much, and takes nothing younger than a week", async () => {
  await using database = await freshDatabase();
  const { pool, url } = database;
  await agedWorld(pool);
  const login = await serviceLogin(url);
  const gigpay = (...words: readonly string[]) => gigpayHere(words, { DATABASE_URL: login });
  const before = await left(pool);
  const counted = await gigpay("--json", "prune", "--dry-run");
  const would = JSON.parse(counted.stdout) as { tables: { rows: number; bytes: number }[] };
  expect(would).toMatchObject({
    dryRun: true,
    tables: Object.entries(OLD).map(([table, rows]) => ({ table, rows })),
  });
  expect(would.tables.every(({ bytes }) => bytes > 0)).toBe(true);
  expect(await left(pool)).toEqual(before);
  const dropped = await gigpay("--json", "prune", "--older-than", "90d");
  expect(JSON.parse(dropped.stdout)).toMatchObject({ dryRun: false, tables: would.tables });
  expect((await gigpay("prune", "--older-than", "6d")).code).toBe(2);
});
