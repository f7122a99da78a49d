import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";
import { PAYMENT_STATES } from "../payment/state.ts";
import { generationMismatch, NOT_FOUND, refused, type OperatorAnswer } from "./operator-answer.ts";
import type { ReviewRequest } from "./review-deps.ts";

const row = z.object({
  id: z.string(),
  state: z.enum(PAYMENT_STATES),
  generation: z.number(),
  intent: z.enum(["pay", "void"]).nullable(),
  reason: z.string().nullable(),
});

/** A payment as an audit entry shows it before and after. */
export type ReviewState = Omit<z.infer<typeof row>, "id">;

type Refusal = Extract<OperatorAnswer, { kind: "refused" }>;

/**
 * Locks a payment in review, and with it those whose logs are settled together with it (sorted, so that no two lockers can
 * wait for each other). Answers a refusal where it is not in review, or in another generation than the operator saw.
 */
export async function lockReview(
  tx: Transaction,
  { paymentId, expectedGeneration }: ReviewRequest,
  together: readonly string[] = [],
): Promise<ReviewState | Refusal> {
  const ids = sql.array([...new Set([paymentId, ...together])], "uuid");
  const rows = await tx.any(sql.type(row)`
    SELECT id, state, generation, intent, doubt_reason AS reason FROM payments WHERE id = ANY(${ids})
    ORDER BY id FOR UPDATE
  `);
  const payment = rows.find(({ id }) => id === paymentId);
  if (!payment) return NOT_FOUND;
  const { id: _, ...before } = payment;
  const { state, generation } = before;
  if (generation !== expectedGeneration) return generationMismatch(generation);
  return state === "review" ? before : notInReview(state, generation);
}

export function notInReview(state: ReviewState["state"], generation: number): Refusal {
  const detail = `Only a payment in review is resolved, and this one is ${state}.`;
  return refused("payment_not_in_review", detail, { state, generation });
}

/** As it stands within this transaction. */
export async function readReview(tx: Transaction, paymentId: string): Promise<ReviewState> {
  const { id: _, ...state } = await tx.one(sql.type(row)`
    SELECT id, state, generation, intent, doubt_reason AS reason FROM payments WHERE id = ${paymentId}::uuid
  `);
  return state;
}

export async function auditReview(
  tx: Transaction,
  action: string,
  { paymentId, actor, reason }: ReviewRequest,
  details: {
    readonly before: ReviewState;
    readonly after: ReviewState;
    readonly [more: string]: unknown;
  },
): Promise<void> {
  await tx.query(sql.type(anyRow)`
    INSERT INTO audit_log (actor, action, payment_id, generation, details)
    VALUES (${actor}, ${action}, ${paymentId}::uuid, ${details.after.generation},
      ${JSON.stringify({ reason, ...details })}::jsonb)
  `);
}
