import { z } from "zod";
import { resolveReview } from "../../operating/resolve-review.ts";
import { findOwnPayment } from "../find-own-payment.ts";
import { operatorProblem } from "../operator-problem.ts";
import { actorOf } from "../own-platform.ts";
import { defineRoute } from "../route.ts";
import { reason, resolved } from "../schemas/operating.ts";
import { generation, txHash, uuid } from "../schemas/primitives.ts";

const members = { expectedGeneration: generation, reason };

const resolution = z
  .discriminatedUnion("decision", [
    z.strictObject({
      decision: z.enum(["recheck", "cancel"]).meta({
        description:
          "`recheck`: look at the chain and all evidence now; `cancel`: have it closed on chain, and failed by that",
      }),
      ...members,
    }),
    z.strictObject({
      decision: z.literal("confirm_paid").meta({
        description: "`txHash` paid it, which the service proves for itself",
      }),
      txHash,
      ...members,
    }),
  ])
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
  await findOwnPayment(deps, key, paymentId);
  const { expectedGeneration, reason, decision } = body;
  const request = { paymentId, expectedGeneration, reason, actor: actorOf(key) };
  const answer = await resolveReview(
    deps.review,
    request,
    decision === "confirm_paid" ? { kind: decision, txHash: body.txHash } : { kind: decision },
  );
  if (answer.kind === "refused") throw operatorProblem(answer);
  const payment = await findOwnPayment(deps, key, paymentId);
  return { status: 200, body: { payment, checks: answer.checks } };
});
