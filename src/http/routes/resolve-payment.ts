import { z } from "zod";
import { resolveReview, type Decision } from "../../operating/resolve-review.ts";
import { findOwnPayment } from "../find-own-payment.ts";
import { operatorProblem } from "../operator-problem.ts";
import { actorOf } from "../own-platform.ts";
import { invalidPlace } from "../request-errors.ts";
import { defineRoute } from "../route.ts";
import { reason, resolved } from "../schemas/operating.ts";
import { generation, uuid } from "../schemas/primitives.ts";

const resolution = z
  .strictObject({
    expectedGeneration: generation,
    decision: z.enum(["recheck", "cancel", "confirm_paid"]).meta({
      description:
        "`recheck`: look at the chain and all evidence now; `cancel`: have it closed on chain, and failed by that; `confirm_paid`: `txHash` paid it, which the service proves for itself",
    }),
    txHash: z
      .string()
      .regex(/^0x[0-9a-fA-F]{64}$/, "Give a transaction's hash: 0x and 64 hex digits.")
      .toLowerCase()
      .optional(),
    reason,
  })
  .meta({ id: "Resolution" });

export const resolvePayment = defineRoute({
  method: "POST",
  path: "/v1/payments/{id}/resolve",
  operationId: "resolvePayment",
  tag: "Operating",
  summary: "Resolve a payment in review",
  description: "By evidence alone: there is no override. Applied twice it changes once.",
  access: { scope: "operate" },
  params: z.object({ id: uuid }),
  body: resolution,
  answers: { 200: { description: "How it stands now, and what was looked at", body: resolved } },
  problems: [
    "not_found",
    "generation_mismatch",
    "payment_not_in_review",
    "task_already_paid",
    "transfer_has_no_void",
    "evidence_rejected",
    "chain_unavailable",
  ],
})(async ({ deps, key, params: { id: paymentId }, body }) => {
  const decision = decisionOf(body);
  await findOwnPayment(deps, key, paymentId);
  const { expectedGeneration, reason } = body;
  const request = { paymentId, expectedGeneration, reason, actor: actorOf(key) };
  const answer = await resolveReview(deps.review, request, decision);
  if (answer.kind === "refused") throw operatorProblem(answer);
  const payment = await findOwnPayment(deps, key, paymentId);
  return { status: 200, body: { payment, checks: answer.checks } };
});

function decisionOf({ decision, txHash }: z.output<typeof resolution>): Decision {
  if (decision === "confirm_paid" && txHash !== undefined) return { kind: decision, txHash };
  if (decision !== "confirm_paid" && txHash === undefined) return { kind: decision };
  const detail = "txHash belongs to confirm_paid, which needs it.";
  throw invalidPlace({ in: "body", pointer: "/txHash", code: "invalid", detail });
}
