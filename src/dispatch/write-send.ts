import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { formatMicros } from "../payment/money.ts";
import type { Intent } from "../payment/state.ts";
import type { TracedPayment } from "../tracing/tracing.ts";
import type { DispatchDeps } from "./dispatch-deps.ts";
import type { DuePayment } from "./pick-due.ts";
import type { Lane, SendDraft, SendTicket, StoredSend } from "./rail.ts";
import { ticketColumns } from "./stored-sends.ts";

const claimRow = z.object({
  id: z.string(),
  generation: z.number(),
  state: z.string(),
  intent: z.string().nullable(),
  traceparent: z.string().nullable(),
  withheld: z.boolean(),
});

export type ClaimedPayment = DuePayment & TracedPayment;

/**
 * Locks those of the chosen payments that are still as they were chosen; another's locked ones are left to him. A plain
 * transfer that was known before a restore may have been sent already, whatever this database remembers: it never goes.
 */
export async function claimPayments(
  tx: Transaction,
  chosen: readonly DuePayment[],
): Promise<ClaimedPayment[]> {
  const ids = chosen.map((payment) => payment.paymentId);
  const rows = await tx.any(sql.prepared("dispatch-claim", claimRow)`
    SELECT id, generation, state, intent, traceparent, coalesce(method = 'transfer'
        AND least(accepted_at, occurred_at) < (SELECT restored_at FROM deployment), false) AS withheld
    FROM payments
    WHERE id = ANY(${sql.array(ids, "uuid")}) AND transaction_id IS NULL
    FOR UPDATE SKIP LOCKED
  `);
  const free = new Map(rows.map((each) => [each.id, each]));
  return chosen.flatMap((payment) => {
    const { paymentId, generation, state, intent } = payment;
    const row = free.get(paymentId);
    const isSame = row?.generation === generation && row.state === state && row.intent === intent;
    return isSame && !row.withheld ? [{ ...payment, traceparent: row.traceparent }] : [];
  });
}

export interface NewSend {
  readonly intent: Intent;
  readonly payments: readonly DuePayment[];
  readonly draft: SendDraft;
  readonly ticket: SendTicket;
}

const createdRow = z.object({ created_at: z.date() });
const sentRow = z.object({ sent: z.bigint() });

/**
 * Commit 2's rows: the send and its items, then its payments on their way. In this order, since what refers to a payment locks
 * it: nothing to do for rows that are locked already, a write for each that has a new version. The review clock starts with
 * the first send; the time that a payment was due and waited for us (funds, room, a pause) is added to it, because it was no
 * doubt.
 */
export async function writeSend(
  tx: Transaction,
  deps: DispatchDeps,
  lane: Lane,
  send: NewSend,
): Promise<StoredSend> {
  const { intent, payments, draft, ticket } = send;
  // A transfer is found again at Circle by the refId, which must survive a restored backup.
  const isTransfer = draft.nthTransfer !== undefined && ticket.rail === "circle";
  const id = isTransfer ? ticket.idempotencyKey : randomUUID();
  const ticketed = ticketColumns(ticket);
  const column = (of: (payment: DuePayment) => string | number, type: string) =>
    sql.array(payments.map(of), type);
  const { created_at: createdAt } = await tx.one(sql.prepared("dispatch-write-send", createdRow)`
    WITH send AS (
      INSERT INTO transactions (id, rail, method, chain_id, pay_once, operator, kind, item_count, calldata, gas_limit,
                                wallet_id, idempotency_key, nonce, max_fee_per_gas, raw, hashes)
      VALUES (${id}, ${lane.rail}, ${lane.method}, ${deps.chainId}, ${deps.payOnce}, ${draft.operator}, ${intent},
              ${payments.length}, ${draft.calldata}, ${draft.gasLimit}, ${ticketed.walletId},
              ${ticketed.idempotencyKey}, ${ticketed.nonce}, ${ticketed.maxFeePerGas}::numeric, ${ticketed.raw},
              ${sql.array(ticketed.hashes, "text")})
      RETURNING created_at
    ), item AS (
      INSERT INTO transaction_items (transaction_id, position, payment_id, generation, payer, token, recipient, amount)
      SELECT ${id}, position - 1, payment_id, generation, payer, token, recipient, amount FROM unnest(
        ${column((p) => p.paymentId, "uuid")}, ${column((p) => p.generation, "int4")},
        ${column((p) => p.payer, "text")}, ${column((p) => p.token, "text")},
        ${column((p) => p.recipient, "text")}, ${column((p) => formatMicros(p.amount), "numeric")}
      ) WITH ORDINALITY AS m (payment_id, generation, payer, token, recipient, amount, position)
    )
    SELECT created_at FROM send
  `);
  await sendPayments(tx, deps, { ...send, id });
  return {
    id,
    operator: draft.operator,
    kind: intent,
    itemCount: payments.length,
    calldata: draft.calldata,
    gasLimit: draft.gasLimit,
    createdAt,
    ticket,
    ...(draft.nthTransfer && { transfer: draft.nthTransfer }),
  };
}

async function sendPayments(
  tx: Transaction,
  deps: DispatchDeps,
  { id, intent, payments }: NewSend & { readonly id: string },
): Promise<void> {
  const column = (of: (payment: DuePayment) => string | number, type: string) =>
    sql.array(payments.map(of), type);
  const { sent } = await tx.one(sql.prepared("dispatch-send-payments", sentRow)`
    WITH sent AS (
      UPDATE payments p
      SET transaction_id = ${id}, followed_at = NULL, logs_read_at = NULL,
          sent_at = CASE WHEN ${intent} = 'pay' THEN payment_now() ELSE p.sent_at END,
          submitted_at = CASE WHEN ${intent} = 'pay' THEN NULL ELSE p.submitted_at END,
          first_sent_at = coalesce(p.first_sent_at, payment_now()),
          review_at = CASE WHEN p.state = 'review' OR p.review_at IS NULL
            THEN payment_now() + ${deps.settings.reviewAfterMs} * interval '1 millisecond'
            ELSE p.review_at + greatest(payment_now() - p.next_attempt_at, interval '0') END,
          next_attempt_at = NULL
      FROM unnest(
        ${column((p) => p.paymentId, "uuid")}, ${column((p) => p.generation, "int4")}, ${column((p) => p.state, "text")}
      ) AS m (payment_id, generation, state)
      WHERE p.id = m.payment_id AND p.generation = m.generation AND p.state = m.state AND p.transaction_id IS NULL
      RETURNING p.id
    )
    SELECT count(*) AS sent FROM sent
  `);
  assert.equal(Number(sent), payments.length, "claimed payments changed under their lock");
}
