import { sql, type CommonQueryMethods, type FragmentSqlToken } from "slonik";
import { anyRow } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { PaymentError } from "../errors.ts";
import { failpoint } from "../failpoint.ts";
import type { DispatchDeps } from "./dispatch-deps.ts";
import type { Lane, SendReport, SendTicket, StoredSend } from "./rail.ts";
import { ticketColumns } from "./stored-sends.ts";

type Report<K extends SendReport["kind"]> = Extract<SendReport, { kind: K }>;

/**
 * The provider or a node took it: its id, state and hash are stored, and when that was said. Hints only: the send may be
 * closed by now. The send alone tells when its payments were taken; settlement copies it where it writes them anyway.
 */
export async function recordAccepted(
  deps: DispatchDeps,
  sendId: string,
  report: Report<"accepted">,
): Promise<void> {
  const answeredAtMs = performance.now();
  const hash = report.txHash ?? null;
  // How long it was held is known once there is a connection: on a busy machine the wait for one counts too.
  const record = (connection: CommonQueryMethods) =>
    connection.query(sql.prepared("dispatch-accepted", anyRow)`
      UPDATE transactions
      SET submitted_at = coalesce(submitted_at,
            payment_now() - ${performance.now() - answeredAtMs} * interval '1 millisecond'),
          circle_id = coalesce(${report.circleId ?? null}, circle_id),
          circle_state = coalesce(${report.circleState ?? null}, circle_state),
          hashes = CASE WHEN ${hash}::text IS NULL OR ${hash}::text = ANY(hashes) THEN hashes
                        ELSE hashes || ${hash}::text END
      WHERE id = ${sendId}
    `);
  await deps.database.connect(record);
}

/** Keeps a ticket's newer bytes, before they leave. */
export async function storeTicket(
  deps: DispatchDeps,
  sendId: string,
  ticket: SendTicket,
): Promise<void> {
  await failpoint("ticket.before_store");
  const { nonce, maxFeePerGas, raw, hashes, idempotencyKey } = ticketColumns(ticket);
  const { rowCount } = await deps.database.query(sql.type(anyRow)`
    UPDATE transactions
    SET nonce = ${nonce}::bigint, max_fee_per_gas = ${maxFeePerGas}::numeric, raw = ${raw},
        hashes = ${addHashes(hashes)}, idempotency_key = ${idempotencyKey}::uuid
    WHERE id = ${sendId} AND state = 'open'
  `);
  if (rowCount === 1) return failpoint("ticket.stored");
  throw new PaymentError("DATABASE_CONFLICT", "retry", "The send was closed meanwhile.", {
    context: { sendId },
  });
}

/**
 * The same send under a new ticket, because the old one was answered and refused. The old one's name goes to the audit
 * log. Answers undefined where the send was closed meanwhile. If it throws, the lane must forget its memory.
 */
export async function renewTicket(
  deps: DispatchDeps,
  lane: Lane,
  send: StoredSend,
  refusal: Report<"refused">,
): Promise<StoredSend | undefined> {
  const ticket = await transact(deps.database, async (tx) => {
    const fresh = await lane.prepare(send);
    const { walletId, idempotencyKey, nonce, maxFeePerGas, raw, hashes } = ticketColumns(fresh);
    const { rowCount } = await tx.query(sql.type(anyRow)`
      UPDATE transactions
      SET wallet_id = ${walletId}, idempotency_key = ${idempotencyKey}::uuid, circle_id = NULL, circle_state = NULL,
          nonce = ${nonce}::bigint, max_fee_per_gas = ${maxFeePerGas}::numeric, raw = ${raw},
          hashes = ${addHashes(hashes)}, submitted_at = NULL,
          error_code = ${refusal.code}, error_detail = ${refusal.detail}
      WHERE id = ${send.id} AND state = 'open'
    `);
    if (rowCount !== 1) return undefined;
    const { raw: _, ...old } = ticketColumns(send.ticket);
    const { code, detail } = refusal;
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES ('system', 'send.ticket_renewed', ${sql.jsonb({ sendId: send.id, code, detail, old })})
    `);
    await failpoint("ticket.before_renew_commit");
    return fresh;
  });
  if (!ticket) return undefined;
  await failpoint("ticket.renewed");
  lane.committed(ticket);
  return { ...send, ticket };
}

/** Certainly not taken, for want of room or gas: that is no doubt, so the payments' review clock starts anew. */
export async function restartReviewClock(deps: DispatchDeps, sendId: string): Promise<void> {
  const afterMs = deps.settings.reviewAfterMs;
  await deps.database.query(sql.type(anyRow)`
    WITH member AS (
      SELECT id FROM payments
      WHERE transaction_id = ${sendId} AND review_at < payment_now() + ${afterMs / 2} * interval '1 millisecond'
      FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE payments p SET review_at = payment_now() + ${afterMs} * interval '1 millisecond'
    FROM member WHERE p.id = member.id
  `);
}

/** An older hash may still be mined, so none is ever forgotten; newest last. */
function addHashes(hashes: readonly string[]): FragmentSqlToken {
  const added = sql.array(hashes, "text");
  return sql.fragment`ARRAY(SELECT h FROM unnest(hashes) h WHERE h <> ALL(${added})) || ${added}`;
}
