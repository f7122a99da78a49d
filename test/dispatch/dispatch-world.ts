import { sql } from "slonik";
import { pino } from "pino";
import { expect } from "vitest";
import { z } from "zod";
import { anyRow, type Database } from "../../src/database/pool.ts";
import type { DispatchDeps } from "../../src/dispatch/dispatch-deps.ts";
import type { Lane } from "../../src/dispatch/rail.ts";
import { runLane, type LaneDeps } from "../../src/dispatch/run-lane.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { formatMicros, MICROS_PER_UNIT, type Micros } from "../../src/payment/money.ts";
import { createForming } from "../../src/dispatch/forming.ts";
import { createWake, type Wake } from "../../src/wake.ts";
import { addressOf } from "../support/seed.ts";
import { readableCalls, scriptedFunds, type ScriptedFunds } from "./scripted-lane.ts";
import { unobserved } from "../support/unobserved.ts";
import { untraced } from "../../src/tracing/tracing.ts";

export interface World extends LaneDeps {
  readonly funds: ScriptedFunds;
  readonly wake: Wake;
  /** What was logged, as objects. */
  readonly lines: Record<string, unknown>[];
}

export function worldOn(
  database: Database,
  settings: Partial<DispatchDeps["settings"]> = {},
): World {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: "debug" },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return {
    database,
    log,
    metrics: unobserved,
    tracing: untraced,
    lines,
    wake: createWake(),
    forming: createForming(),
    calls: readableCalls,
    funds: scriptedFunds(),
    chainId: 5042002,
    payOnce: addressOf("PayOnce"),
    settings: {
      batchMax: 100,
      maxInFlight: 2_000,
      reviewAfterMs: 120_000,
      retryDelaysMs: [2_000, 4_000, 6_000],
      ...settings,
    },
  };
}

export interface SeedPayment {
  readonly platformId?: string;
  readonly payer?: string;
  readonly token?: string;
  readonly amount?: Micros;
  readonly count?: number;
  readonly name: string;
  readonly state?: "planned" | "voiding" | "review";
  readonly intent?: "pay" | "void";
  readonly batchCap?: number | null;
  readonly tries?: number;
}

/** Far below the statement time-out, also where the machine is busy. */
const ROWS_AT_ONCE = 10_000;

/** Plans payments `name-0`, `name-1`, …; answers their ids. The payer is the platform's wallet unless told. */
export async function planPayments(db: Database, seed: SeedPayment): Promise<string[]> {
  const platformId = seed.platformId ?? "gigstream";
  const state = seed.state ?? "planned";
  const intent = seed.intent ?? (state === "voiding" ? "void" : "pay");
  const tasks = Array.from({ length: seed.count ?? 1 }, (_, i) => `${seed.name}-${i}`);
  const ids = tasks.map((task) => paymentIdOf(platformId, task));
  const amount = formatMicros(seed.amount ?? 10n * MICROS_PER_UNIT);
  const failure = state === "voiding" || intent === "void" ? "cancelled_by_operator" : null;
  for (let from = 0; from < ids.length; from += ROWS_AT_ONCE) {
    const part = {
      ids: ids.slice(from, from + ROWS_AT_ONCE),
      tasks: tasks.slice(from, from + ROWS_AT_ONCE),
    };
    await db.query(sql.type(anyRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id,
      state, intent, rail, method, chain_id, pay_once, payer, token, recipient, net_amount, fee, batch_cap, tries,
      failure_code, failure_message, failure_retryable, doubt_reason, doubt_since, occurred_at, received_at, planned_at)
    SELECT id, ${platformId}, task, 'worker', ${amount}::numeric, 'USDC', 'key-' || task, 'event-' || task,
      ${state}, ${intent}, 'circle', 'payonce', 5042002, ${addressOf("PayOnce")},
      ${seed.payer ?? addressOf(platformId)}, ${seed.token ?? addressOf("USDC")}, ${addressOf("worker")},
      ${amount}::numeric, 0, ${seed.batchCap ?? null}, ${seed.tries ?? 0}, ${failure}::text, ${failure}::text,
      ${failure === null ? null : true}::boolean, ${state === "review" ? "pay_unconfirmed: seeded" : null}::text,
      CASE WHEN ${state === "review"} THEN payment_now() END, payment_now(), payment_now(), payment_now()
    FROM unnest(${sql.array(part.ids, "uuid")}, ${sql.array(part.tasks, "text")}) AS t (id, task)`);
  }
  return ids;
}

const paymentRow = z.object({
  id: z.string(),
  state: z.string(),
  intent: z.string().nullable(),
  tries: z.number(),
  batch_cap: z.number().nullable(),
  transaction_id: z.string().nullable(),
  next_in_ms: z.number().nullable(),
  review_in_ms: z.number().nullable(),
  first_sent_at: z.date().nullable(),
  failure_code: z.string().nullable(),
  doubt_reason: z.string().nullable(),
});
export type PaymentState = z.infer<typeof paymentRow>;

export async function readPayments(db: Database, ids: readonly string[]): Promise<PaymentState[]> {
  const rows = await db.any(sql.type(paymentRow)`
    SELECT id, state, intent, tries, batch_cap, transaction_id, first_sent_at, failure_code, doubt_reason,
           (extract(epoch FROM next_attempt_at - payment_now()) * 1000)::float8 AS next_in_ms,
           (extract(epoch FROM review_at - payment_now()) * 1000)::float8 AS review_in_ms
    FROM payments WHERE id = ANY(${sql.array(ids, "uuid")})`);
  return ids.flatMap((id) => rows.filter((row) => row.id === id));
}

export async function readPayment(db: Database, id: string | undefined): Promise<PaymentState> {
  const [payment] = await readPayments(db, id === undefined ? [] : [id]);
  expect(payment).toBeDefined();
  return payment as PaymentState;
}

const sendRow = z.object({
  id: z.string(),
  kind: z.string(),
  state: z.string(),
  item_count: z.number(),
  gas_limit: z.bigint(),
  operator: z.string(),
  idempotency_key: z.string().nullable(),
  circle_id: z.string().nullable(),
  submitted_at: z.date().nullable(),
  error_code: z.string().nullable(),
});

export async function readSends(db: Database): Promise<readonly z.infer<typeof sendRow>[]> {
  return db.any(sql.type(sendRow)`
    SELECT id, kind, state, item_count, gas_limit, operator, idempotency_key, circle_id, submitted_at, error_code
    FROM transactions ORDER BY created_at, id`);
}

/** Moves every stored time back: the database's clock is the only one, so a wait can be spent without waiting. */
export async function passTime(db: Database, ms: number): Promise<void> {
  const span = sql.fragment`${ms} * interval '1 millisecond'`;
  await db.query(sql.type(anyRow)`
    UPDATE payments SET next_attempt_at = next_attempt_at - ${span}, review_at = review_at - ${span},
                        doubt_since = doubt_since - ${span}`);
  await db.query(sql.type(anyRow)`
    UPDATE transactions SET created_at = created_at - ${span}, closed_at = closed_at - ${span}`);
}

/** What settlement does with a followed send whose payments were all paid, as far as dispatch can see it. */
export async function settlePaid(db: Database, sendId: string): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query(sql.type(anyRow)`
      UPDATE transactions SET state = 'mined', closed_at = payment_now() WHERE id = ${sendId} AND state = 'open'`);
    await tx.query(sql.type(anyRow)`
      UPDATE transaction_items SET outcome = 'paid' WHERE transaction_id = ${sendId}`);
    await tx.query(sql.type(anyRow)`
      UPDATE payments SET state = 'completed', intent = NULL, transaction_id = NULL, settled_at = payment_now(),
        tx_hash = '0x', block_number = 1, log_index = 0 WHERE transaction_id = ${sendId}`);
  });
}

/** Runs a lane until the test is over or stops it; a failure of the lane fails the stop. */
export function startLane(
  world: World,
  lane: Lane,
): { stop(): Promise<void>; done: Promise<void> } {
  const stopping = new AbortController();
  const done = runLane(world, lane, stopping.signal);
  done.catch(() => undefined);
  return {
    done,
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
