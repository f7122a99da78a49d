import type { Accepted } from "./accept-once.ts";
import type { AcceptanceMetrics } from "./acceptance-deps.ts";
import { isLetterCode } from "../payment/letter-codes.ts";
import { usesTry, type Plan } from "./plan-payment.ts";

/** Counts what a commit of acceptance came to; after the commit, which alone makes it true. */
export function countAccepted(metrics: AcceptanceMetrics, accepted: Accepted): void {
  const { payments, letters, results, now } = accepted;
  for (const { origin } of payments) metrics.accepted.add({ origin });
  metrics.clockSkew.add({}, payments.filter(({ candidate }) => candidate.occurredAt > now).length);
  metrics.duplicates.add({}, results.filter(({ verdict }) => verdict === "duplicate").length);
  for (const { objection } of letters) {
    const { code } = objection;
    metrics.deadLetters.add({ code: isLetterCode(code) ? code : "other" });
  }
  countPlans(
    metrics,
    payments.map(({ plan }) => plan),
  );
}

/** What planning itself decided: to look again, to close a payment on chain, or to leave it to a person. */
export function countPlans(
  metrics: Pick<AcceptanceMetrics, "retries" | "voids" | "reviews">,
  plans: readonly Plan[],
): void {
  const count = (isCounted: (plan: Plan) => boolean) => plans.filter(isCounted).length;
  const isAdopted = (plan: Plan) => "adopt" in plan && plan.adopt;
  metrics.retries.add(
    { reason: "not_eligible_yet" },
    count((plan) => usesTry(plan) && !isAdopted(plan)),
  );
  metrics.voids.add(
    {},
    count(({ state }) => state === "voiding"),
  );
  metrics.reviews.add(
    {},
    count(({ state }) => state === "review"),
  );
}
