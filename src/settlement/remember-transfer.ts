import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";
import type { Terms } from "../payment/evidence.ts";
import { transferKeyOf } from "../payment/ids.ts";
import { formatMicros } from "../payment/money.ts";
import type { PaymentState } from "../payment/state.ts";
import type { Instance } from "./load-ledger.ts";

/** A transfer that is ours by its id, by our own announcement or by an operator's word, and that this database forgot. */
export interface Remembered {
  readonly paymentId: string;
  /** As the payment was read: as anything else it is left alone. */
  readonly from: { readonly state: PaymentState; readonly generation: number };
  readonly generation: number;
  readonly terms: Terms;
  readonly txHash: string;
  /** Circle's word of it, where Circle was asked. */
  readonly circle: {
    readonly sendId: string;
    readonly walletId: string;
    readonly id: string;
    readonly state: string;
  } | null;
}

const paymentRow = z.object({
  state: z.string(),
  generation: z.number(),
  transaction_id: z.string().nullable(),
  sends: z.number(),
});
const idRow = z.object({ id: z.string() });

/**
 * Writes such a transfer down as the open send of its payment, which waits in review until the chain has been asked about
 * it: the ordinary road. Answers the send's id; undefined where the payment has gone on, or the send is known already.
 */
export async function rememberTransfer(
  tx: Transaction,
  instance: Instance,
  remembered: Remembered,
): Promise<string | undefined> {
  const { paymentId, from, generation, txHash } = remembered;
  const payment = await tx.maybeOne(sql.prepared("settle-remember-lock", paymentRow)`
    SELECT p.state, p.generation, p.transaction_id, (
        SELECT count(*)::int FROM transaction_items i WHERE i.payment_id = p.id AND i.generation = ${generation}
      ) AS sends
    FROM payments p WHERE p.id = ${paymentId}::uuid FOR UPDATE
  `);
  if (payment?.state !== from.state || payment.generation !== from.generation) return undefined;
  const { transaction_id: open, sends } = payment;
  if (open !== null && from.generation === generation) return nameHash(tx, open, txHash);
  if (open !== null) await closeOlder(tx, open);
  const sendId = await writeSend(tx, instance, remembered, sends + 1);
  if (sendId === undefined) return undefined;
  await bindPayment(tx, instance, remembered, sendId);
  return sendId;
}

async function nameHash(tx: Transaction, id: string, txHash: string): Promise<string> {
  await tx.query(sql.prepared("settle-name-hash", anyRow)`
    UPDATE transactions SET hashes = hashes || ${txHash}::text
    WHERE id = ${id}::uuid AND state = 'open' AND NOT hashes @> ARRAY[${txHash}::text]
  `);
  return id;
}

/** A later generation exists, so this one was over in the life that was forgotten. */
async function closeOlder(tx: Transaction, id: string): Promise<void> {
  await tx.query(sql.prepared("settle-close-older", anyRow)`
    WITH closed AS (
      UPDATE transactions
      SET state = CASE WHEN provider_end IS NULL THEN 'abandoned' ELSE 'dead' END, closed_at = payment_now()
      WHERE id = ${id}::uuid AND state = 'open'
      RETURNING id, state
    )
    UPDATE transaction_items i SET outcome = c.state FROM closed c WHERE i.transaction_id = c.id
  `);
}

/** A send that is known by its hash alone never leaves again, so its wallet is only named by its address. */
async function writeSend(
  tx: Transaction,
  { chainId, payOnce }: Instance,
  { paymentId, generation, terms, txHash, circle }: Remembered,
  sendNumber: number,
): Promise<string | undefined> {
  const id = circle?.sendId ?? transferKeyOf(paymentId, generation, sendNumber);
  const written = await tx.maybeOne(sql.prepared("settle-remember-send", idRow)`
    WITH send AS (
      INSERT INTO transactions (id, rail, method, chain_id, pay_once, operator, kind, item_count, calldata, gas_limit,
        wallet_id, idempotency_key, circle_id, circle_state, hashes, posts, answers, first_posted_at, submitted_at)
      VALUES (${id}::uuid, 'circle', 'transfer', ${chainId}, ${payOnce}, ${terms.payer}, 'pay', 1, '0x00', 1,
        ${circle?.walletId ?? terms.payer}, ${id}::uuid, ${circle?.id ?? null}, ${circle?.state ?? null},
        ARRAY[${txHash}::text], 1, 1, payment_now(), payment_now())
      ON CONFLICT DO NOTHING
      RETURNING id
    ), item AS (
      INSERT INTO transaction_items (transaction_id, position, payment_id, generation, payer, token, recipient, amount)
      SELECT id, 0, ${paymentId}::uuid, ${generation}, ${terms.payer}, ${terms.token}, ${terms.recipient},
        ${formatMicros(terms.amount)}::numeric
      FROM send
    )
    SELECT id FROM send
  `);
  return written?.id;
}

async function bindPayment(
  tx: Transaction,
  { chainId, payOnce }: Instance,
  { paymentId, from, generation, terms, txHash, circle }: Remembered,
  sendId: string,
): Promise<void> {
  const net = formatMicros(terms.amount);
  await tx.one(sql.prepared("settle-remember-payment", idRow)`
    WITH bound AS (
      UPDATE payments SET
        state = 'review', generation = ${generation}, intent = NULL, transaction_id = ${sendId}::uuid, rail = 'circle',
        method = 'transfer', chain_id = ${chainId}, pay_once = ${payOnce}, payer = ${terms.payer}, token = ${terms.token},
        recipient = ${terms.recipient}, net_amount = ${net}::numeric, fee = amount - ${net}::numeric,
        first_sent_at = coalesce(first_sent_at, payment_now()), next_attempt_at = NULL, review_at = NULL,
        doubt_reason = coalesce(doubt_reason, 'before_restore'), doubt_since = coalesce(doubt_since, payment_now()),
        failure_code = NULL, failure_message = NULL, failure_retryable = NULL, settled_at = NULL,
        last_checked_at = payment_now()
      WHERE id = ${paymentId}::uuid AND state = ${from.state} AND generation = ${from.generation}
      RETURNING id, generation
    ), entry AS (
      INSERT INTO audit_log (actor, action, payment_id, generation, details)
      SELECT 'system', 'payment.transfer_found', id, generation,
        ${sql.jsonb({ sendId, txHash, circleId: circle?.id ?? null, before: from })}
      FROM bound
    )
    SELECT id FROM bound
  `);
}
