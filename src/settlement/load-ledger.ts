import { sql } from "slonik";
import type { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import type { PlacedPaid, Terms } from "../payment/evidence.ts";
import type { Tokens } from "../payment/tokens.ts";
import { isCurrency } from "../payment/currency.ts";
import type { Draft } from "./draft.ts";
import type { Ledger } from "./judge-logs.ts";
import type { CarriedSend, SendItem } from "./match-sends.ts";
import { carriedRow, outcomeRow, paymentRow, storedRow } from "./ledger-rows.ts";

export interface Instance {
  readonly chainId: number;
  /** Lower-case. */
  readonly payOnce: string;
}

export interface LedgerDeps {
  readonly instance: Instance;
  readonly tokens: Tokens;
}

/**
 * Locks these payments (sorted, so that no two lockers can wait for each other) and then reads what surrounds them: in
 * statements of their own, because only those see what the transactions waited for have written.
 */
export async function loadLedger(
  tx: Transaction,
  deps: LedgerDeps,
  { paymentIds, skippedIds }: { paymentIds: readonly string[]; skippedIds: readonly string[] },
): Promise<Ledger> {
  const payments = await lockPayments(tx, deps.instance, paymentIds);
  if (payments.length === 0)
    return { drafts: new Map(), sends: [], paids: new Map(), voids: new Map() };
  const ids = payments.map(({ id }) => id);
  const carried = await readCarried(tx, ids);
  const outcomes = Map.groupBy(await readOutcomes(tx, ids), (row) => row.paymentId);
  const stored = skippedIds.length === 0 ? [] : await readStored(tx, deps.instance, skippedIds);
  const termsOf = Map.groupBy(carried, (row) => row.paymentId);
  const drafts = payments.map(({ payer, token, recipient, net, ...row }): Draft => {
    const planned = payer !== null && token !== null && recipient !== null && net !== null;
    return {
      ...row,
      terms: planned ? { payer, token, recipient, amount: net } : null,
      termsByGeneration: new Map(
        (termsOf.get(row.id) ?? []).map((item): [number, Terms] => [item.generation, item]),
      ),
      outcomes: new Map((outcomes.get(row.id) ?? []).map((row) => [row.generation, row.kind])),
      currencyToken: isCurrency(row.currency) ? deps.tokens[row.currency] : null,
      submittedAt: row.submittedAt ?? submittedAt(row, termsOf.get(row.id)),
    };
  });
  return {
    drafts: new Map(drafts.map((draft) => [draft.id, draft])),
    sends: sendsOf(carried),
    paids: new Map(
      stored.flatMap(({ paymentId, blockNumber, log }): [string, PlacedPaid][] =>
        log.kind === "paid" ? [[paymentId, { log, blockNumber }]] : [],
      ),
    ),
    voids: Map.groupBy(
      stored.flatMap(({ paymentId, log }) =>
        log.kind === "voided" ? [{ paymentId, ...log }] : [],
      ),
      (row) => row.paymentId,
    ),
  };
}

async function lockPayments(tx: Transaction, instance: Instance, ids: readonly string[]) {
  // A payment of another instance is not this chain's to settle.
  return tx.any(sql.prepared("settle-lock-payments", paymentRow)`
    SELECT p.id, p.platform_id, p.task_id, p.worker_id, p.amount, p.currency, p.source_event_id, p.state, p.generation,
      p.intent, p.rail, p.payer, p.token, p.recipient, p.net_amount, p.fee, p.tries, p.next_attempt_at, p.transaction_id,
      p.review_at, p.doubt_reason, p.doubt_since, p.failure_code, p.failure_message, p.failure_retryable, p.operator,
      p.tx_hash, p.block_number, p.log_index, p.circle_transaction_id, p.void_tx_hash, p.traceparent, p.occurred_at,
      p.void_wanted_at, p.submitted_at, p.followed_at, p.logs_read_at, p.settled_at,
      r.is_restoring,
      NOT r.is_restoring AND coalesce(
        least(p.accepted_at, p.occurred_at) < (SELECT d.restored_at FROM deployment d), false
      ) AS before_restore
    FROM payments p, (SELECT EXISTS (SELECT FROM restores WHERE closed_at IS NULL) AS is_restoring) r
    WHERE p.id = ANY(${sql.array(ids, "uuid")})
      AND (p.pay_once IS NULL OR (p.chain_id = ${instance.chainId} AND p.pay_once = ${instance.payOnce}))
    ORDER BY p.id
    FOR UPDATE OF p
  `);
}

async function readCarried(tx: Transaction, ids: readonly string[]) {
  return tx.any(sql.prepared("settle-read-carried", carriedRow)`
    SELECT i.transaction_id, i.position, i.payment_id, i.generation, i.payer, i.token, i.recipient, i.amount,
      t.submitted_at, t.rail, t.kind, t.state = 'open' AS is_open, t.operator, t.item_count, t.circle_id, t.hashes
    FROM transaction_items i JOIN transactions t ON t.id = i.transaction_id
    WHERE i.payment_id = ANY(${sql.array(ids, "uuid")})
    ORDER BY t.created_at, t.id, i.position
  `);
}

async function readOutcomes(tx: Transaction, ids: readonly string[]) {
  return tx.any(sql.prepared("settle-read-outcomes", outcomeRow)`
    SELECT payment_id AS "paymentId", generation, kind FROM payment_outcomes
    WHERE payment_id = ANY(${sql.array(ids, "uuid")})
  `);
}

/** What the chain said earlier about these payments, refusals aside, in log order. */
export async function readStored(tx: Transaction, instance: Instance, ids: readonly string[]) {
  return tx.any(sql.prepared("settle-read-stored", storedRow)`
    SELECT payment_id, block_number, block_hash, tx_hash, log_index, kind, ref, generation, payer, recipient, token,
      amount_micros, transfer_log_index, slot_paid, slot_floor, followed_at
    FROM chain_events
    WHERE payment_id = ANY(${sql.array(ids, "uuid")}) AND kind <> 'refused'
      AND chain_id = ${instance.chainId} AND pay_once = ${instance.payOnce}
    ORDER BY block_number, log_index
  `);
}

/** When the newest send that would pay this generation was taken. */
function submittedAt(
  { generation }: { readonly generation: number },
  carried: readonly z.infer<typeof carriedRow>[] = [],
): Date | null {
  const isPaying = (row: z.infer<typeof carriedRow>) =>
    row.generation === generation && row.send.kind === "pay";
  return carried.findLast(isPaying)?.submittedAt ?? null;
}

function sendsOf(carried: readonly z.infer<typeof carriedRow>[]): CarriedSend[] {
  const sends = new Map<string, CarriedSend & { items: SendItem[] }>();
  for (const { transactionId, send, position, paymentId, generation } of carried) {
    const item = { position, paymentId, generation };
    const known = sends.get(transactionId);
    if (known) known.items.push(item);
    else sends.set(transactionId, { id: transactionId, ...send, items: [item] });
  }
  return [...sends.values()];
}
