import assert from "node:assert/strict";
import { askDatabase } from "../database/translate-error.ts";
import type { Submission, SubmissionResult } from "../payment/submission.ts";
import { findPayment } from "../queries/find-payment.ts";
import type { PaymentView } from "../queries/payment-view.ts";
import type { ApiDeps } from "./api-deps.ts";
import { HttpProblem, notFound, type ProblemCode } from "./problems.ts";
import { invalidPlace } from "./request-errors.ts";

const WAIT_MAX_SECONDS = 10;

export interface PayOptions {
  readonly waitSeconds: number;
  readonly signal: AbortSignal;
  /** Whether the caller gave an event id; one that was derived says the same as the key, and is nobody's business. */
  readonly isEventNamed: boolean;
}

export interface Paid {
  readonly isNew: boolean;
  readonly payment: PaymentView;
}

/** Accepts one task and, where that is asked for, waits for the outcome. Throws the problem of one that is refused. */
export async function pay(
  deps: ApiDeps,
  submission: Submission,
  { waitSeconds, signal, isEventNamed }: PayOptions,
): Promise<Paid> {
  const [result] = await deps.accept([submission]);
  assert(result, "one result per submission");
  if ("code" in result) throw refusal(result, isEventNamed);
  const { paymentId, verdict } = result;
  if (result.state !== "completed" && result.state !== "failed") {
    await deps.outcomes.ended(paymentId, waitSeconds * 1_000, signal);
  }
  const payment = await askDatabase(() => findPayment(deps.pool, paymentId, deps.explorerUrl));
  assert(payment, "payments are never deleted");
  return { isNew: verdict === "new", payment };
}

/** `Prefer: wait=N` (RFC 7240), at most ten seconds; 0 where nobody wants to wait. */
export function waitSecondsOf(prefer: string | undefined): number {
  const [, seconds] = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?(?:$|[,;\s])/i.exec(prefer ?? "") ?? [];
  return Math.min(Number(seconds ?? 0), WAIT_MAX_SECONDS);
}

export function hasEnded({ state }: PaymentView): boolean {
  return state === "completed" || state === "failed";
}

type Refused = Extract<SubmissionResult, { code: string }>;

const CONFLICTS: Readonly<Record<string, ProblemCode>> = {
  event_id_conflict: "event_id_conflict",
  idempotency_key_conflict: "idempotency_key_conflict",
  task_has_payment: "task_has_payment",
};

/** Why nothing came of a submission, as the problem that answers it. */
function refusal(refused: Refused, isEventNamed: boolean): HttpProblem {
  const { verdict, code, message, field, paymentId } = refused;
  if (verdict === "conflict") {
    const members = { field, paymentId };
    if (code === "event_id_conflict" && !isEventNamed) {
      const detail = `A payment with this idempotency key exists, and ${field} differs; nothing was paid. Repeat the first content, or take a new key for another task.`;
      return new HttpProblem("idempotency_key_conflict", detail, { members });
    }
    return new HttpProblem(CONFLICTS[code] ?? "task_has_payment", message, { members });
  }
  if (code === "platform_unknown") return notFound("platform");
  return invalidPlace({
    in: "body",
    pointer: field === null ? "" : `/${field}`,
    code,
    detail: message,
  });
}
