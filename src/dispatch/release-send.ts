import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { failpoint } from "../failpoint.ts";
import { failureAfter } from "../payment/ended-send.ts";
import type { Failure, Intent } from "../payment/state.ts";
import type { DispatchDeps } from "./dispatch-deps.ts";
import { doubtBackOff } from "./raise-doubt.ts";

export interface ReleaseDeps {
  readonly database: DispatchDeps["database"];
  readonly log: DispatchDeps["log"];
  readonly metrics: Pick<DispatchDeps["metrics"], "retries" | "voids">;
  readonly settings: Pick<DispatchDeps["settings"], "retryDelaysMs">;
}

/** A send that moved nothing: its receipt says reverted, or its provider ended it unpaid. */
export interface EndedSend {
  readonly transactionId: string;
  readonly outcome: "reverted" | "dead";
  readonly code: string;
  readonly detail: string;
}

/** It was never tried: its nonce went to another transaction, such as one that had been given up. */
const NEVER_TRIED = "nonce_taken";
const NEVER_TRIED_AGAIN_MS = 1_000;
/** A void has no tries to use up; it goes again after this, until its evidence is followed. */
const VOID_AGAIN_MS = 6_000;

const closedRow = z.object({ kind: z.enum(["pay", "void"]), item_count: z.number() });
const memberRow = z.object({
  id: z.string(),
  generation: z.number(),
  state: z.enum(["planned", "voiding", "review"]),
  tries: z.number(),
});
type Member = z.infer<typeof memberRow>;

/**
 * Closes a send that moved nothing and lets its payments go on. A batch is halved, and no try is used: one bad item
 * must not cost its neighbours anything. A payment that travelled alone has used one try, and after the last one is
 * voided, since only `Voided` may fail what was once sent. A send whose nonce went to another transaction costs nobody
 * anything. Answers false if the send was no longer open: one caller wins.
 */
export async function releaseSend(deps: ReleaseDeps, ended: EndedSend): Promise<boolean> {
  const { transactionId, outcome, code, detail } = ended;
  await failpoint("release.before");
  const closed = await transact(deps.database, async (tx) => {
    // Payments first, then the send: the order of every step that locks both.
    const members = await tx.any(sql.type(memberRow)`
      SELECT id, generation, state, tries FROM payments
      WHERE transaction_id = ${transactionId} ORDER BY id FOR UPDATE`);
    const send = await tx.maybeOne(sql.type(closedRow)`
      UPDATE transactions
      SET state = ${outcome}, closed_at = payment_now(), error_code = ${code}, error_detail = ${detail}
      WHERE id = ${transactionId} AND state = 'open'
      RETURNING kind, item_count`);
    if (!send) return undefined;
    await tx.query(sql.type(anyRow)`
      UPDATE transaction_items SET outcome = ${outcome}
      WHERE transaction_id = ${transactionId} AND outcome IS NULL`);
    let voided = 0;
    if (code === NEVER_TRIED) await sendAsItWas(tx, transactionId);
    else if (send.item_count > 1) await halve(tx, transactionId, send.item_count);
    else {
      for (const member of members) {
        if (await isVoidedAfter(tx, deps, member, { ...ended, ...send })) voided += 1;
      }
    }
    await failpoint("release.before_commit");
    return { ...send, members, voided };
  });
  if (!closed) return false;
  await failpoint("release.committed");
  const { kind, item_count: items, members, voided } = closed;
  if (kind === "pay" && code !== NEVER_TRIED) {
    deps.metrics.retries.add({ reason: outcome }, members.length - voided);
    deps.metrics.voids.add({}, voided);
  }
  const about = {
    sendId: transactionId,
    kind,
    items,
    goingOn: members.length,
    outcome,
    code,
    detail,
  };
  deps.log.warn(about, "send ended without effect");
  return true;
}

async function sendAsItWas(tx: Transaction, transactionId: string): Promise<void> {
  await tx.query(sql.type(anyRow)`
    UPDATE payments
    SET transaction_id = NULL, next_attempt_at = payment_now() + ${NEVER_TRIED_AGAIN_MS} * interval '1 millisecond'
    WHERE transaction_id = ${transactionId} AND state IN ('planned', 'voiding', 'review')`);
}

async function halve(tx: Transaction, transactionId: string, itemCount: number): Promise<void> {
  await tx.query(sql.type(anyRow)`
    UPDATE payments
    SET transaction_id = NULL, batch_cap = ${Math.ceil(itemCount / 2)}, next_attempt_at = payment_now()
    WHERE transaction_id = ${transactionId} AND state IN ('planned', 'voiding', 'review')`);
}

/** Ends a try: the payment waits for the next one or, after its last, is to be closed. */
async function isVoidedAfter(
  tx: Transaction,
  deps: ReleaseDeps,
  member: Member,
  ended: EndedSend & { kind: Intent },
): Promise<boolean> {
  const delayMs =
    member.state === "voiding" ? VOID_AGAIN_MS : deps.settings.retryDelaysMs[member.tries];
  if (member.state === "review") await waitInDoubt(tx, member);
  else if (delayMs !== undefined) await waitForTry(tx, member, delayMs);
  else {
    await voidAfterLastTry(tx, member, failureAfter(ended, member.tries + 1));
    return true;
  }
  return false;
}

async function waitForTry(tx: Transaction, member: Member, delayMs: number): Promise<void> {
  const used = member.state === "planned" ? 1 : 0;
  await tx.query(sql.type(anyRow)`
    UPDATE payments
    SET transaction_id = NULL, batch_cap = 1, tries = tries + ${used},
        next_attempt_at = payment_now() + ${delayMs} * interval '1 millisecond'
    WHERE id = ${member.id} AND generation = ${member.generation} AND state = ${member.state}`);
}

async function waitInDoubt(tx: Transaction, member: Member): Promise<void> {
  await tx.query(sql.type(anyRow)`
    UPDATE payments p
    SET transaction_id = NULL, batch_cap = 1, next_attempt_at = payment_now() + ${doubtBackOff}
    WHERE p.id = ${member.id} AND p.generation = ${member.generation} AND p.state = 'review'`);
}

async function voidAfterLastTry(tx: Transaction, member: Member, failure: Failure): Promise<void> {
  const { id, generation } = member;
  await tx.query(sql.type(anyRow)`
    UPDATE payments
    SET state = 'voiding', intent = 'void', transaction_id = NULL, batch_cap = NULL, tries = tries + 1,
        next_attempt_at = payment_now(), review_at = NULL, void_wanted_at = payment_now(), failure_code = ${failure.code},
        failure_message = ${failure.message}, failure_retryable = ${failure.retryable}
    WHERE id = ${id} AND generation = ${generation} AND state = 'planned'`);
  await tx.query(sql.type(anyRow)`
    INSERT INTO audit_log (actor, action, payment_id, generation, details)
    VALUES ('system', 'payment.voiding', ${id}, ${generation}, ${sql.jsonb({ ...failure })})`);
}
