import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { PaymentError } from "../errors.ts";
import { formatMicros } from "../payment/money.ts";
import type { Draft } from "./draft.ts";
import type { Judgement } from "./judge-logs.ts";
import type { Instance } from "./load-ledger.ts";

type Change = Judgement["changed"][number];

const idRow = z.object({ id: z.string() });

/**
 * Writes changed payments, each only from the state and generation it was read in. One document for all of them,
 * because thirty columns as thirty parameters read worse and took no less time.
 */
export async function writePayments(
  tx: Transaction,
  { instance, now }: { readonly instance: Instance; readonly now: Date },
  changed: readonly Change[],
): Promise<void> {
  if (changed.length === 0) return;
  const written = await tx.any(sql.prepared("settle-write-payments", idRow)`
    UPDATE payments p SET
      state = d.state, generation = d.generation, intent = d.intent,
      rail = d.rail, method = CASE WHEN d.rail IS NOT NULL THEN coalesce(p.method, 'payonce') END,
      chain_id = CASE WHEN d.rail IS NOT NULL THEN ${instance.chainId}::bigint END,
      pay_once = CASE WHEN d.rail IS NOT NULL THEN ${instance.payOnce} END,
      payer = d.payer, token = d.token, recipient = d.recipient, net_amount = d.net_amount, fee = d.fee,
      tries = d.tries, next_attempt_at = d.next_attempt_at, transaction_id = d.transaction_id, review_at = d.review_at,
      doubt_reason = d.doubt_reason, doubt_since = d.doubt_since, last_checked_at = ${now.toISOString()}::timestamptz,
      failure_code = d.failure_code, failure_message = d.failure_message, failure_retryable = d.failure_retryable,
      operator = d.operator, tx_hash = d.tx_hash, block_number = d.block_number, log_index = d.log_index,
      circle_transaction_id = d.circle_transaction_id, void_tx_hash = d.void_tx_hash,
      void_wanted_at = d.void_wanted_at, submitted_at = d.submitted_at, followed_at = d.followed_at, logs_read_at = d.logs_read_at, settled_at = d.settled_at
    FROM json_to_recordset(${sql.json(changed.map(documentOf))}) AS d (
      id uuid, from_state text, from_generation integer, state text, generation integer, intent text, rail text,
      payer text, token text, recipient text, net_amount numeric, fee numeric, tries integer,
      next_attempt_at timestamptz, transaction_id uuid, review_at timestamptz, doubt_reason text,
      doubt_since timestamptz, failure_code text, failure_message text, failure_retryable boolean, operator text,
      tx_hash text, block_number bigint, log_index integer, circle_transaction_id text, void_tx_hash text,
      void_wanted_at timestamptz, submitted_at timestamptz, followed_at timestamptz, logs_read_at timestamptz, settled_at timestamptz)
    WHERE p.id = d.id AND p.state = d.from_state AND p.generation = d.from_generation
    RETURNING p.id
  `);
  if (written.length !== changed.length) throw changedMeanwhile("payments");
}

/** Cannot happen under the locks; if it does, nothing is written and everything is read again. */
export function changedMeanwhile(table: string): PaymentError {
  return new PaymentError("DATABASE_CONFLICT", "retry", `${table} changed while they were settled`);
}

function documentOf({ before, after }: Change) {
  return {
    id: after.id,
    from_state: before.state,
    from_generation: before.generation,
    state: after.state,
    generation: after.generation,
    intent: after.intent,
    rail: after.rail,
    ...termsOf(after),
    tries: after.tries,
    next_attempt_at: timeOf(after.nextAttemptAt),
    transaction_id: after.transactionId,
    review_at: timeOf(after.reviewAt),
    doubt_reason: after.doubtReason,
    doubt_since: timeOf(after.doubtSince),
    failure_code: after.failure?.code ?? null,
    failure_message: after.failure?.message ?? null,
    failure_retryable: after.failure?.retryable ?? null,
    operator: after.operator,
    tx_hash: after.completedBy?.txHash ?? null,
    block_number: after.blockNumber?.toString() ?? null,
    log_index: after.completedBy?.logIndex ?? null,
    circle_transaction_id: after.circleTransactionId,
    void_tx_hash: after.voidTxHash,
    void_wanted_at: timeOf(after.voidWantedAt),
    submitted_at: timeOf(after.submittedAt),
    followed_at: timeOf(after.followedAt),
    logs_read_at: timeOf(after.logsReadAt),
    settled_at: timeOf(after.settledAt),
  };
}

function termsOf({ terms, fee }: Draft) {
  return {
    payer: terms?.payer ?? null,
    token: terms?.token ?? null,
    recipient: terms?.recipient ?? null,
    net_amount: terms ? formatMicros(terms.amount) : null,
    fee: fee === null ? null : formatMicros(fee),
  };
}

function timeOf(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
