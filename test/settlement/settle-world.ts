import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../../src/database/pool.ts";
import type { Alarm } from "../../src/payment/alarm.ts";
import type { Terms } from "../../src/payment/evidence.ts";
import type { PaymentCompleted, PaymentFailed } from "../../src/payment/events.ts";
import { derivedIdempotencyKey, paymentIdOf } from "../../src/payment/ids.ts";
import { formatMicros } from "../../src/payment/money.ts";
import { storeFirstCursor } from "../../src/settlement/cursor.ts";
import type { SettleBlocksDeps } from "../../src/settlement/settle-blocks.ts";
import { createWake } from "../../src/wake.ts";
import { addressOf, insertDeployment } from "../support/seed.ts";
import { tamper } from "../support/tamper.ts";
import { createPayOnceModel } from "./pay-once-model.ts";
import { unobserved } from "../support/unobserved.ts";
import { untraced } from "../../src/tracing/tracing.ts";

export const instance = { chainId: 5042002, payOnce: addressOf("PayOnce") };
const USDC = "0x3600000000000000000000000000000000000000";
const tokens = { USDC, EURC: addressOf("EURC") };

export interface SeedPayment {
  readonly id: string;
  readonly generation: number;
  readonly terms: Terms;
}

/** A settled-up database at the model's first block, with everything that settling needs and what it said. */
export async function createWorld(pool: Database, options: { restoredAt?: Date } = {}) {
  const chain = createPayOnceModel();
  await insertDeployment(pool, { ...instance, ...options });
  await pool.query(sql.type(anyRow)`
    INSERT INTO platforms (id, name, wallet_address, task_source)
    VALUES ('acme', 'Acme', ${addressOf("acme")}, 'directory')`);
  await storeFirstCursor(pool, instance, chain.cursor());
  const alarms: Alarm[] = [];
  const answers = {
    blocked: new Set<string>(),
    funds: { balance: 10n ** 12n, allowance: 10n ** 12n },
    findPaid: (async () => undefined) as SettleBlocksDeps["chain"]["findPaid"],
  };
  const deps: SettleBlocksDeps = {
    pool,
    log: pino({ level: "silent" }),
    metrics: unobserved,
    tracing: untraced,
    instance,
    tokens,
    rail: "arc",
    retries: { delaysMs: [2000, 4000, 6000] },
    reputationPoints: 10,
    topics: { completed: "payment.completed", failed: "payment.failed" },
    encoder: { encodePaymentCompleted: asJson, encodePaymentFailed: asJson },
    wakes: { relay: createWake(), dispatch: createWake() },
    pausesOnAlarm: false,
    onAlarm: (alarm) => alarms.push(alarm),
    chain: {
      isBlocked: async (_, account) => answers.blocked.has(account),
      read: async (pairs) => pairs.map(() => answers.funds),
      findPaid: (ref, upTo) => answers.findPaid(ref, upTo),
    },
  };
  return { chain, deps, alarms, answers };
}

export type World = Awaited<ReturnType<typeof createWorld>>;

/** A tuple with one element per task, so that tests can take it apart. */
export type Seeded<T extends readonly unknown[]> = { readonly [K in keyof T]: SeedPayment };

/** Payments in `planned`, with task and worker, as acceptance leaves them. */
export async function insertPlanned<const T extends readonly string[]>(
  pool: Database,
  taskIds: T,
  options: { amount?: bigint; fee?: bigint; workerId?: string; acceptedAt?: Date } = {},
): Promise<Seeded<T>> {
  const amount = options.amount ?? 50_000_000n;
  const fee = options.fee ?? 500_000n;
  const workerOf = (taskId: string) => options.workerId ?? `worker-${taskId}`;
  const payments = taskIds.map((taskId) => ({
    id: paymentIdOf("acme", taskId),
    generation: 1,
    terms: {
      payer: addressOf("acme"),
      token: USDC,
      recipient: addressOf(workerOf(taskId)),
      amount: amount - fee,
    },
  }));
  await pool.query(sql.type(anyRow)`
    INSERT INTO workers (id, wallet_address)
    SELECT * FROM ${sql.unnest(
      taskIds.map((taskId) => [workerOf(taskId), addressOf(workerOf(taskId))]),
      ["text", "text"],
    )} ON CONFLICT DO NOTHING`);
  await pool.query(sql.type(anyRow)`
    INSERT INTO tasks (platform_id, id, worker_id, amount, currency, status)
    SELECT 'acme', t.id, t.worker_id, ${formatMicros(amount)}::numeric, 'USDC', 'completed'
    FROM ${sql.unnest(
      taskIds.map((taskId) => [taskId, workerOf(taskId)]),
      ["text", "text"],
    )} AS t (id, worker_id)`);
  await pool.query(sql.type(anyRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
      intent, rail, method, chain_id, pay_once, payer, token, recipient, net_amount, fee, occurred_at, received_at,
      planned_at, accepted_at, traceparent)
    SELECT p.id::uuid, 'acme', p.task_id, p.worker_id, ${formatMicros(amount)}::numeric, 'USDC', p.key,
      'event-' || p.task_id, 'planned', 'pay', 'arc', 'payonce', ${instance.chainId}, ${instance.payOnce},
      ${addressOf("acme")}, ${USDC}, p.recipient, ${formatMicros(amount - fee)}::numeric,
      ${formatMicros(fee)}::numeric, payment_now() - interval '1 second', payment_now(), payment_now(),
      coalesce(${options.acceptedAt?.toISOString() ?? null}::timestamptz, payment_now()),
      '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    FROM ${sql.unnest(
      taskIds.map((taskId) => [
        paymentIdOf("acme", taskId),
        taskId,
        workerOf(taskId),
        derivedIdempotencyKey(taskId, workerOf(taskId)),
        addressOf(workerOf(taskId)),
      ]),
      ["text", "text", "text", "text", "text"],
    )} AS p (id, task_id, worker_id, key, recipient)`);
  await pool.query(sql.type(anyRow)`
    INSERT INTO inbox (platform_id, event_id, payload_hash, payment_id, verdict, topic, partition, record_offset)
    SELECT platform_id, source_event_id, sha256('payload'), id, 'new', 'task.completed', 0,
      row_number() OVER (ORDER BY id) - 1
    FROM payments p WHERE NOT EXISTS (SELECT FROM inbox x WHERE x.payment_id = p.id)`);
  return payments as unknown as Seeded<T>;
}

/** The payments as PayOnce's items. */
export function itemsOf<const T extends readonly SeedPayment[]>(payments: T) {
  return payments.map(({ id, generation, terms }) => ({
    paymentId: id,
    generation,
    terms,
  })) as unknown as {
    readonly [K in keyof T]: { paymentId: string; generation: number; terms: Terms };
  };
}

/** Puts a payment where another stage would have left it. */
export async function setState(
  pool: Database,
  id: string,
  to: { state: string; intent?: "pay" | "void"; doubtReason?: string; failureCode?: string },
): Promise<void> {
  const failure = to.failureCode ?? null;
  await tamper(
    pool,
    sql.type(anyRow)`
    UPDATE payments SET state = ${to.state}, intent = ${to.intent ?? null}, doubt_reason = ${to.doubtReason ?? null},
      doubt_since = CASE WHEN ${to.state} = 'review' THEN payment_now() END,
      settled_at = CASE WHEN ${to.state} IN ('completed', 'failed') THEN payment_now() END,
      failure_code = ${failure}::text, failure_message = ${failure}::text,
      failure_retryable = CASE WHEN ${failure}::text IS NOT NULL THEN true END
    WHERE id = ${id}`,
  );
}

/** Commit 2: a stored send with its items; its payments travel in it. */
export async function insertSend(
  pool: Database,
  payments: readonly SeedPayment[],
  options: { kind?: "pay" | "void"; rail?: "arc" | "circle"; hashes?: readonly string[] } = {},
): Promise<string> {
  const id = randomUUID();
  const { kind = "pay", rail = "arc" } = options;
  const hashes =
    options.hashes ?? (rail === "arc" ? [`0x${id.replaceAll("-", "").padStart(64, "a")}`] : []);
  await pool.query(sql.type(anyRow)`
    INSERT INTO transactions (id, rail, chain_id, pay_once, operator, kind, item_count, calldata, gas_limit, wallet_id,
      idempotency_key, circle_id, nonce, max_fee_per_gas, raw, hashes)
    VALUES (${id}, ${rail}, ${instance.chainId}, ${instance.payOnce}, ${addressOf("operator")}, ${kind},
      ${payments.length}, '0x00', 100000, ${rail === "circle" ? "wallet" : null},
      ${rail === "circle" ? randomUUID() : null}, ${rail === "circle" ? `circle-${id}` : null},
      ${rail === "arc" ? 1 + Math.floor(Math.random() * 1e9) : null}, ${rail === "arc" ? 1 : null},
      ${rail === "arc" ? "0x00" : null}, ${sql.array(hashes, "text")})`);
  await pool.query(sql.type(anyRow)`
    INSERT INTO transaction_items (transaction_id, position, payment_id, generation, payer, token, recipient, amount)
    SELECT ${id}::uuid, i.position, i.payment_id, i.generation, i.payer, i.token, i.recipient, i.amount
    FROM ${sql.unnest(
      payments.map(({ id: paymentId, generation, terms }, position) => [
        position,
        paymentId,
        generation,
        terms.payer,
        terms.token,
        terms.recipient,
        formatMicros(terms.amount),
      ]),
      ["int4", "uuid", "int4", "text", "text", "text", "numeric"],
    )} AS i (position, payment_id, generation, payer, token, recipient, amount)`);
  await pool.query(sql.type(anyRow)`
    UPDATE payments SET transaction_id = ${id}, first_sent_at = coalesce(first_sent_at, payment_now()),
      sent_at = payment_now(), review_at = payment_now() + interval '2 minutes'
    WHERE id = ANY(${sql.array(
      payments.map((payment) => payment.id),
      "uuid",
    )})`);
  return id;
}

const stateRow = z.object({
  state: z.string(),
  generation: z.number(),
  intent: z.string().nullable(),
  tries: z.number(),
  waitMs: z.number().nullable(),
  transactionId: z.string().nullable(),
  doubtReason: z.string().nullable(),
  failureCode: z.string().nullable(),
  txHash: z.string().nullable(),
  voidTxHash: z.string().nullable(),
});

/** A payment as tests speak of it; `waitMs` from its last settling look to its next attempt. */
export async function readPayment(pool: Database, id: string) {
  return pool.one(sql.type(stateRow)`
    SELECT state, generation, intent, tries,
      round(extract(epoch FROM next_attempt_at - last_checked_at) * 1000)::int AS "waitMs",
      transaction_id AS "transactionId", doubt_reason AS "doubtReason", failure_code AS "failureCode",
      tx_hash AS "txHash", void_tx_hash AS "voidTxHash"
    FROM payments WHERE id = ${id}`);
}

const outboxRow = z.object({
  topic: z.string(),
  key: z.instanceof(Buffer),
  payload: z.instanceof(Buffer),
  headers: z.record(z.string(), z.string()),
});

/** The outbox in order, its test payloads read back as the events that they hold. */
export async function readOutbox(pool: Database) {
  const rows = await pool.any(sql.type(outboxRow)`
    SELECT topic, key, payload, headers FROM outbox ORDER BY id`);
  return rows.map(({ topic, key, payload, headers }) => ({
    topic,
    key: key.toString(),
    headers,
    event: JSON.parse(payload.toString()) as Record<string, unknown>,
  }));
}

export async function countRows(pool: Database, table: string): Promise<number> {
  const row = await pool.one(sql.type(z.object({ n: z.bigint() }))`
    SELECT count(*) AS n FROM ${sql.identifier([table])}`);
  return Number(row.n);
}

function asJson(event: PaymentCompleted | PaymentFailed): Buffer {
  return Buffer.from(
    JSON.stringify(event, (_, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    ),
  );
}
