import { z } from "zod";
import { parseMicros, type Micros } from "../payment/money.ts";
import type { PayOnceLog } from "../payment/pay-once-log.ts";
import { FAILURE_CODES, PAYMENT_STATES } from "../payment/state.ts";

const micros = z.string().transform((text, context): Micros => {
  const value = parseMicros(text);
  if (value !== undefined) return value;
  context.addIssue({ code: "custom", message: `not an amount: ${text}` });
  return z.NEVER;
});
const rail = z.enum(["circle", "arc"]);

export const paymentRow = z
  .object({
    id: z.string(),
    platform_id: z.string(),
    task_id: z.string(),
    worker_id: z.string(),
    amount: micros,
    currency: z.string(),
    source_event_id: z.string(),
    state: z.enum(PAYMENT_STATES),
    generation: z.number(),
    intent: z.enum(["pay", "void"]).nullable(),
    rail: rail.nullable(),
    payer: z.string().nullable(),
    token: z.string().nullable(),
    recipient: z.string().nullable(),
    net_amount: micros.nullable(),
    fee: micros.nullable(),
    tries: z.number(),
    next_attempt_at: z.date().nullable(),
    transaction_id: z.string().nullable(),
    review_at: z.date().nullable(),
    doubt_reason: z.string().nullable(),
    doubt_since: z.date().nullable(),
    failure_code: z.enum(FAILURE_CODES).nullable(),
    failure_message: z.string().nullable(),
    failure_retryable: z.boolean().nullable(),
    operator: z.string().nullable(),
    tx_hash: z.string().nullable(),
    block_number: z.bigint().nullable(),
    log_index: z.number().nullable(),
    circle_transaction_id: z.string().nullable(),
    void_tx_hash: z.string().nullable(),
    traceparent: z.string().nullable(),
    occurred_at: z.date(),
    void_wanted_at: z.date().nullable(),
    submitted_at: z.date().nullable(),
    followed_at: z.date().nullable(),
    logs_read_at: z.date().nullable(),
    settled_at: z.date().nullable(),
    is_restoring: z.boolean(),
    before_restore: z.boolean(),
  })
  .transform((row) => ({
    id: row.id,
    platformId: row.platform_id,
    taskId: row.task_id,
    workerId: row.worker_id,
    amount: row.amount,
    currency: row.currency,
    sourceEventId: row.source_event_id,
    state: row.state,
    generation: row.generation,
    intent: row.intent,
    rail: row.rail,
    payer: row.payer,
    token: row.token,
    recipient: row.recipient,
    net: row.net_amount,
    fee: row.fee,
    tries: row.tries,
    nextAttemptAt: row.next_attempt_at,
    transactionId: row.transaction_id,
    reviewAt: row.review_at,
    doubtReason: row.doubt_reason,
    doubtSince: row.doubt_since,
    failure: failureOf(row),
    operator: row.operator,
    completedBy: placeOf(row),
    blockNumber: row.block_number,
    circleTransactionId: row.circle_transaction_id,
    voidTxHash: row.void_tx_hash,
    traceparent: row.traceparent,
    occurredAt: row.occurred_at,
    voidWantedAt: row.void_wanted_at,
    submittedAt: row.submitted_at,
    followedAt: row.followed_at,
    logsReadAt: row.logs_read_at,
    settledAt: row.settled_at,
    isRestoring: row.is_restoring,
    beforeRestore: row.before_restore,
  }));

function failureOf(row: {
  failure_code: (typeof FAILURE_CODES)[number] | null;
  failure_message: string | null;
  failure_retryable: boolean | null;
}) {
  const { failure_code: code, failure_message: message, failure_retryable: retryable } = row;
  return code === null || message === null || retryable === null
    ? null
    : { code, message, retryable };
}

function placeOf(row: { tx_hash: string | null; log_index: number | null }) {
  return row.tx_hash === null || row.log_index === null
    ? null
    : { txHash: row.tx_hash, logIndex: row.log_index };
}

export const carriedRow = z
  .object({
    transaction_id: z.string(),
    position: z.number(),
    payment_id: z.string(),
    generation: z.number(),
    payer: z.string(),
    token: z.string(),
    recipient: z.string(),
    amount: micros,
    submitted_at: z.date().nullable(),
    rail,
    kind: z.enum(["pay", "void"]),
    is_open: z.boolean(),
    operator: z.string(),
    item_count: z.number(),
    circle_id: z.string().nullable(),
    hashes: z.array(z.string()),
  })
  .transform((row) => ({
    transactionId: row.transaction_id,
    position: row.position,
    paymentId: row.payment_id,
    generation: row.generation,
    payer: row.payer,
    token: row.token,
    recipient: row.recipient,
    amount: row.amount,
    submittedAt: row.submitted_at,
    send: {
      rail: row.rail,
      kind: row.kind,
      isOpen: row.is_open,
      operator: row.operator,
      itemCount: row.item_count,
      circleId: row.circle_id,
      hashes: row.hashes,
    },
  }));

export const outcomeRow = z.object({
  paymentId: z.string(),
  generation: z.number(),
  kind: z.enum(["completed", "failed"]),
});

const place = {
  payment_id: z.string(),
  block_number: z.bigint(),
  block_hash: z.string(),
  tx_hash: z.string(),
  log_index: z.number(),
  ref: z.string(),
  generation: z.bigint(),
  followed_at: z.date(),
};

/** A stored log, read back as the log it was. */
export const storedRow = z
  .discriminatedUnion("kind", [
    z.object({
      ...place,
      kind: z.literal("paid"),
      payer: z.string(),
      recipient: z.string(),
      token: z.string(),
      amount_micros: z.string().transform(BigInt),
      transfer_log_index: z.number().nullable(),
    }),
    z.object({
      ...place,
      kind: z.literal("skipped"),
      slot_paid: z.boolean(),
      slot_floor: z.bigint(),
    }),
    z.object({ ...place, kind: z.literal("voided") }),
  ])
  .transform((row) => ({
    paymentId: row.payment_id,
    blockNumber: row.block_number,
    blockHash: row.block_hash,
    followedAt: row.followed_at,
    logsReadAt: row.followed_at,
    log: logOf(row),
  }));

type StoredRow =
  | {
      kind: "paid";
      payer: string;
      recipient: string;
      token: string;
      amount_micros: bigint;
      transfer_log_index: number | null;
    }
  | { kind: "skipped"; slot_paid: boolean; slot_floor: bigint }
  | { kind: "voided" };

function logOf(
  row: StoredRow & { tx_hash: string; log_index: number; ref: string; generation: bigint },
): PayOnceLog {
  const { ref, generation } = row;
  const at = { txHash: row.tx_hash, logIndex: row.log_index, ref, generation };
  switch (row.kind) {
    case "paid":
      return {
        ...at,
        kind: "paid",
        payer: row.payer,
        recipient: row.recipient,
        token: row.token,
        amount: row.amount_micros,
        transferLogIndex: row.transfer_log_index,
      };
    case "skipped":
      return { ...at, kind: "skipped", paid: row.slot_paid, floor: row.slot_floor };
    case "voided":
      return { ...at, kind: "voided" };
  }
}
