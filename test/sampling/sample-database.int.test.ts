import { pino } from "pino";
import { sql } from "slonik";
import { tamper } from "../support/tamper.ts";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { EVERYTHING, pause, resume } from "../../src/dispatch/pause.ts";
import { createMetrics, type Metrics } from "../../src/metrics/create-metrics.ts";
import { openRestore } from "../../src/restore/open-restore.ts";
import { createDatabaseSampler, type DatabaseSampler } from "../../src/sampling/sample-database.ts";
import { sampleEvery } from "../../src/sampling/sample-every.ts";
import { planPayments, settlePaid, worldOn } from "../dispatch/dispatch-world.ts";
import { allOf, shownOf } from "../metrics/read-metric.ts";
import { insertSend } from "../settlement/settle-world.ts";
import { writeHistory } from "../settlement/long-history.ts";
import { tokens } from "../support/acceptance.ts";
import { databaseServer, freshDatabase, type FreshDatabase } from "../support/database.ts";
import { becomeLetter, replayOver } from "../support/dead-letters.ts";
import { holdClock } from "../support/hold-clock.ts";
import { addressOf } from "../support/seed.ts";

const AHEAD_MS = 90_000;
const WAIT = { timeout: 30_000, interval: 50 };
const instance = { chainId: 5042002, payOnce: addressOf("PayOnce") };
const operator = addressOf("operator");

let db: FreshDatabase;
let pool: Database;
let metrics: Metrics;
let sampler: DatabaseSampler;

beforeEach(async () => {
  db = await freshDatabase();
  pool = db.pool;
  metrics = createMetrics({ sloMs: 3_000 });
  sampler = createDatabaseSampler({ pool, metrics, instance, tokens, operators: [operator] });
});
afterEach(() => db[Symbol.asyncDispose]());

const look = () => sampler.sample(new AbortController().signal);
const shown = (series: string) => shownOf(metrics, series);

/** A payment as acceptance leaves it that knows no such task yet. */
async function accept(name: string): Promise<void> {
  await pool.query(sql.type(anyRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
      occurred_at, received_at, next_attempt_at)
    VALUES (gen_random_uuid(), 'gigstream', ${name}, 'worker', 10, 'USDC', ${`key-${name}`}, ${`event-${name}`}, 'accepted',
      payment_now(), payment_now(), payment_now())`);
}

async function holdForFunds(payer: string): Promise<void> {
  await pool.query(sql.type(anyRow)`
    INSERT INTO payer_holds (payer, token, balance, allowance) VALUES (${payer}, ${tokens.USDC}, 0, 0)`);
}

/** Puts these payments into one open send. */
async function send(ids: readonly string[], amount = 10_000_000n): Promise<string> {
  const terms = {
    payer: addressOf("gigstream"),
    token: tokens.USDC,
    recipient: addressOf("w"),
    amount,
  };
  return insertSend(
    pool,
    ids.map((id) => ({ id, generation: 1, terms })),
  );
}

test("payments that have not ended are counted by state, waiting or on their way, with the age of the oldest by the database's clock", async () => {
  await planPayments(pool, { name: "old", token: tokens.USDC });
  await accept("unknown-task");
  await holdClock(pool, AHEAD_MS);
  const planned = await planPayments(pool, { name: "young", count: 2, token: tokens.USDC });
  await planPayments(pool, { name: "void", state: "voiding", token: tokens.USDC });
  await planPayments(pool, { name: "doubt", state: "review", token: tokens.USDC });
  await send(planned.slice(0, 1));
  const done = await planPayments(pool, { name: "done", token: tokens.USDC });
  await settlePaid(pool, await send(done));
  await look();
  expect(await allOf(metrics, "payments_open")).toEqual({
    '{state="accepted"}': 1,
    '{state="planned"}': 3,
    '{state="voiding"}': 1,
    '{state="review"}': 1,
  });
  for (const state of ["accepted", "planned"]) {
    const age = await shown(`payments_open_oldest_age_seconds{state="${state}"}`);
    expect(age).toBeGreaterThanOrEqual(AHEAD_MS / 1_000);
    expect(age).toBeLessThan(AHEAD_MS / 1_000 + 60);
  }
  expect(await shown('payments_open_oldest_age_seconds{state="voiding"}')).toBeLessThan(60);
  expect(await shown('payments_sends_open{operator="' + operator + '"}')).toBe(1);
});

test("a generation that an operator opened is as old as its retry, not as its first event", async () => {
  const [id = ""] = await planPayments(pool, { name: "again", token: tokens.USDC });
  await holdClock(pool, AHEAD_MS);
  await pool.query(sql.type(anyRow)`
    UPDATE payments SET state = 'failed', intent = NULL, settled_at = payment_now(), failure_code = 'wallet_not_found',
      failure_message = 'm', failure_retryable = true WHERE id = ${id}`);
  await look();
  expect(await shown('payments_open{state="planned"}')).toBe(0);
  expect(await shown('payments_open_oldest_age_seconds{state="planned"}')).toBe(0);
  await pool.query(sql.type(anyRow)`
    UPDATE payments SET state = 'planned', intent = 'pay', generation = 2, planned_at = payment_now(), settled_at = NULL,
      failure_code = NULL, failure_message = NULL, failure_retryable = NULL WHERE id = ${id}`);
  await look();
  expect(await shown('payments_open{state="planned"}')).toBe(1);
  expect(await shown('payments_open_oldest_age_seconds{state="planned"}')).toBeLessThan(60);
});

test("what waits for funds is held and not open; a void needs none, and doubt is never called a hold", async () => {
  const broke = { payer: addressOf("broke"), platformId: "broke", token: tokens.USDC };
  await planPayments(pool, { name: "parked", count: 2, ...broke });
  await holdClock(pool, AHEAD_MS);
  await planPayments(pool, { name: "void", state: "voiding", ...broke });
  await planPayments(pool, { name: "doubt", state: "review", ...broke });
  await planPayments(pool, { name: "funded", token: tokens.USDC });
  await holdForFunds(broke.payer);
  await look();
  expect(await shown('payments_held{reason="funds"}')).toBe(2);
  expect(await shown('payments_held_oldest_age_seconds{reason="funds"}')).toBeGreaterThanOrEqual(
    90,
  );
  expect(await allOf(metrics, "payments_open")).toMatchObject({
    '{state="planned"}': 1,
    '{state="voiding"}': 1,
    '{state="review"}': 1,
  });
  expect(await shown('payments_open_oldest_age_seconds{state="planned"}')).toBeLessThan(60);
});

test("what a pause or an open restore holds back is held; what is on its way goes on, and a platform's pause is its own", async () => {
  const world = worldOn(pool);
  await planPayments(pool, { name: "a", platformId: "a", count: 2, token: tokens.USDC });
  const [travelling = ""] = await planPayments(pool, {
    name: "b",
    platformId: "b",
    count: 2,
    token: tokens.USDC,
  });
  await send([travelling]);
  await accept("unknown-task");
  await pause(world, "a", "reason", "operator:test");
  await look();
  expect(await shown('payments_held{reason="pause"}')).toBe(2);
  expect(await shown('payments_open{state="planned"}')).toBe(2);
  expect(await allOf(metrics, "payments_paused")).toEqual({
    '{scope="all"}': 0,
    '{scope="platforms"}': 1,
  });
  await pause(world, EVERYTHING, "reason", "operator:test");
  await look();
  expect(await shown('payments_held{reason="pause"}')).toBe(3);
  expect(await shown('payments_open{state="planned"}')).toBe(1);
  expect(await shown('payments_open{state="accepted"}')).toBe(1);
  expect(await shown('payments_paused{scope="all"}')).toBe(1);
  await resume(world, EVERYTHING, "reason", "operator:test");
  await openRestore(
    { db: pool, log: world.log },
    {
      kind: "declared",
      reason: "r",
      actor: "operator:test",
    },
  );
  await look();
  expect(await shown('payments_held{reason="restore"}')).toBe(4);
  expect(await shown('payments_held{reason="pause"}')).toBe(0);
  expect(await shown('payments_open{state="planned"}')).toBe(1);
  expect(await shown("payments_restore_open")).toBe(1);
});

test("dead letters, events that Kafka has not got, and those that it refuses are counted, with the oldest's age", async () => {
  await becomeLetter(replayOver(pool), "garbage");
  const insertEvent = (column: "created_at" | "published_at" | "refused_at") =>
    pool
      .query(sql.type(anyRow)`
      INSERT INTO outbox (event_id, topic, payload, created_at)
      VALUES (gen_random_uuid(), 'payment.completed', 'x', payment_now())`)
      .then(() =>
        pool.query(sql.type(anyRow)`
        UPDATE outbox SET ${sql.identifier([column])} = payment_now() WHERE id = (SELECT max(id) FROM outbox)`),
      );
  await tamper(pool, sql.type(anyRow)`DELETE FROM outbox`);
  await insertEvent("refused_at");
  await holdClock(pool, AHEAD_MS);
  await insertEvent("published_at");
  await look();
  expect(await shown("payments_dead_letters_open")).toBe(1);
  expect(await shown("payments_dead_letters_oldest_age_seconds")).toBeGreaterThanOrEqual(90);
  expect(await shown("payments_outbox_refused_records")).toBe(1);
  expect(await shown("payments_outbox_pending_records")).toBe(0);
  expect(await shown("payments_outbox_oldest_age_seconds")).toBe(0);
  await insertEvent("created_at");
  await holdClock(pool, 2 * AHEAD_MS);
  await look();
  expect(await shown("payments_outbox_pending_records")).toBe(1);
  expect(await shown("payments_outbox_oldest_age_seconds")).toBeGreaterThanOrEqual(90);
});

test("sends are counted for each operator, 0 for one that has none, with the oldest's age", async () => {
  await look();
  expect(await allOf(metrics, "payments_sends_open")).toEqual({ [`{operator="${operator}"}`]: 0 });
  await send(await planPayments(pool, { name: "sent", token: tokens.USDC }));
  await holdClock(pool, AHEAD_MS);
  await look();
  expect(await shown(`payments_sends_open{operator="${operator}"}`)).toBe(1);
  expect(
    await shown(`payments_sends_oldest_age_seconds{operator="${operator}"}`),
  ).toBeGreaterThanOrEqual(90);
});

test("what was paid for each payer in the last hour is known, and forgotten when the hour is over", async () => {
  const ids = await planPayments(pool, { name: "paid", count: 3, token: tokens.USDC });
  await settlePaid(pool, await send(ids.slice(0, 2), 12_500_000n));
  await send(ids.slice(2));
  const series = `payments_payer_hourly_demand{payer="${addressOf("gigstream")}",currency="USDC"}`;
  await holdClock(pool, AHEAD_MS);
  await look();
  expect(await shown(series)).toBe(25);
  await look();
  expect(await shown(series)).toBe(25);
  expect(sampler.payers()).toMatchObject([
    { payer: addressOf("gigstream"), currency: "USDC", demand: 25_000_000n },
  ]);
  await holdClock(pool, 2 * 3_600_000);
  await look();
  // Its third payment is still on its way.
  expect(await shown(series)).toBe(0);
});

const usageRow = z.object({ scans: z.bigint(), read: z.bigint() });

/** How often the big tables were read from end to end, and index entries read of them, so far. */
async function usage() {
  return pool.connect(async (connection) => {
    await connection.query(sql.type(anyRow)`SELECT pg_stat_force_next_flush()`);
    return connection.one(sql.type(usageRow)`
      SELECT (SELECT sum(seq_scan) FROM pg_stat_user_tables
         WHERE relname IN ('payments', 'transactions', 'transaction_items', 'outbox', 'dead_letters'))::int8 AS scans,
        (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)::int8 AS read`);
  });
}

test("neither history nor a backlog makes it read more than its bounds, and a held backlog hides nobody else's payment", async () => {
  await writeHistory(pool, 2_000);
  await planPayments(pool, { name: "held", platformId: "held", count: 25_000, token: tokens.USDC });
  await planPayments(pool, { name: "free", platformId: "free", token: tokens.USDC });
  await pause(worldOn(pool), "held", "reason", "operator:test");
  await look();
  const before = await usage();
  await look();
  const after = await usage();
  expect(after.scans).toBe(before.scans);
  expect(after.read - before.read).toBeLessThan(12_000n);
  expect(await shown('payments_held{reason="pause"}')).toBe(5_000);
  expect(await shown('payments_open{state="planned"}')).toBe(1);
});

test("with Postgres away /metrics goes on being rendered, the failure is counted, and it recovers by itself", async () => {
  const { server } = await databaseServer();
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const log = pino({ level: "silent" });
  const pace = { everyMs: 20, timeoutMs: 4_000 };
  void sampleEvery({ log, metrics }, sampler, stopping.signal, pace);
  await planPayments(pool, { name: "one", token: tokens.USDC });
  const open = () => shown('payments_open{state="planned"}');
  await expect.poll(open, WAIT).toBe(1);
  await server.down("SIGKILL");
  const failures = () => shown('payments_sampler_failures_total{sampler="database"}');
  await expect.poll(failures, WAIT).toBeGreaterThan(1);
  expect(await open()).toBe(1);
  await server.up();
  await planPayments(await db.openAnotherPool(), { name: "two", token: tokens.USDC });
  await expect.poll(open, WAIT).toBe(2);
});
