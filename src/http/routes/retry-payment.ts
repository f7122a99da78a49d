import { z } from "zod";
import { retry } from "../../operating/retry.ts";
import { findOwnPayment } from "../find-own-payment.ts";
import { operatorProblem, unlessRestoring } from "../operator-problem.ts";
import { actorOf } from "../own-platform.ts";
import { defineRoute } from "../route.ts";
import { reason } from "../schemas/operating.ts";
import { paymentDetail } from "../schemas/payment.ts";
import { generation, uuid } from "../schemas/primitives.ts";

/** GigStream's retryFailedPayment. */
export const retryPayment = defineRoute({
  method: "POST",
  path: "/v1/payments/{id}/retry",
  operationId: "retryPayment",
  tag: "Operating",
  summary: "Pay a failed payment after all",
  description:
    "Opens the next generation of a failed payment, with its amount, wallet and fee looked at anew. Asked twice with the same generation, it opens one.",
  access: { scope: "operate" },
  params: z.object({ id: uuid }),
  body: z.strictObject({ expectedGeneration: generation, reason }).meta({ id: "RetryIn" }),
  answers: { 202: { description: "On its way again", body: paymentDetail } },
  problems: [
    "not_found",
    "generation_mismatch",
    "payment_not_failed",
    "would_fail_again",
    "task_already_paid",
    "before_restore",
    "restore_unconfirmed",
  ],
})(async ({ deps, key, params: { id: paymentId }, body }) => {
  await findOwnPayment(deps, key, paymentId);
  const request = { paymentId, ...body, actor: actorOf(key) };
  const answer = await unlessRestoring(() => retry(deps.replay, request));
  if (answer.kind === "refused") throw operatorProblem(answer);
  return { status: 202, body: await findOwnPayment(deps, key, paymentId) };
});
