import assert from "node:assert/strict";
import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";
import type { Objection } from "./check-submission.ts";
import { storableText } from "./make-dead-letter.ts";
import type { OperatorOrder } from "./operator-order.ts";
import type { LetterStatus } from "./stored-letters.ts";

/** An open letter under its lock. */
interface LockedLetter {
  readonly id: string;
  readonly before: LetterStatus;
}

const idRow = z.object({ id: z.string() });

/** Closes an open letter, in the commit of what closes it. */
export async function closeLetter(
  tx: Transaction,
  { id, before }: LockedLetter,
  status: "replayed" | "discarded",
  { actor, reason, effect }: OperatorOrder & { readonly effect: Readonly<Record<string, unknown>> },
): Promise<void> {
  const closed = await tx.any(sql.prepared("acceptance-close-letter", idRow)`
    UPDATE dead_letters
    SET status = ${status}, closed_at = payment_now(), closed_by = ${actor}, closed_reason = ${reason},
      replays = replays + ${status === "replayed" ? 1 : 0},
      replayed_at = CASE WHEN ${status} = 'replayed' THEN payment_now() ELSE replayed_at END
    WHERE id = ${id}::uuid AND status = 'open'
    RETURNING id
  `);
  assert.equal(closed.length, 1, "a letter changed under its lock");
  const details = { deadLetterId: id, reason, before, after: { status, ...effect } };
  await audit(tx, `dead_letter.${status}`, actor, details);
}

/** A letter that was refused again stays open and says why it was refused now. */
export async function keepLetterOpen(
  tx: Transaction,
  { id, before }: LockedLetter,
  refusal: {
    readonly objection: Objection;
    readonly platformId: string | null;
    readonly paymentId: string | null;
  },
  { actor, reason }: OperatorOrder,
): Promise<void> {
  const { objection, platformId, paymentId } = refusal;
  const { code, field } = objection;
  const kept = await tx.any(sql.prepared("acceptance-keep-letter-open", idRow)`
    UPDATE dead_letters
    SET code = ${code}, message = ${storableText(objection.message)}, field = ${field},
      platform_id = coalesce(${platformId}, platform_id), payment_id = ${paymentId}::uuid, replays = replays + 1,
      replayed_at = payment_now()
    WHERE id = ${id}::uuid AND status = 'open'
    RETURNING id
  `);
  assert.equal(kept.length, 1, "a letter changed under its lock");
  const details = { deadLetterId: id, reason, before, after: { status: "open", code, field } };
  await audit(tx, "dead_letter.refused_again", actor, details);
}

async function audit(
  tx: Transaction,
  action: string,
  actor: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  await tx.query(sql.prepared("acceptance-audit-letter", anyRow)`
    INSERT INTO audit_log (actor, action, details) VALUES (${actor}, ${action}, ${JSON.stringify(details)}::jsonb)
  `);
}
