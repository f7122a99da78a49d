import type { Logger } from "pino";
import type { EndedPayment, Published, PublishedOutcome } from "../payment/published.ts";
import { FAILURE_KINDS } from "../payment/state.ts";
import { readTraceparent } from "../payment/traceparent.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { OUTCOMES } from "./catalogue/labels.ts";
import type { Metrics } from "./create-metrics.ts";
import { spansOf, type StageSpan } from "./stage-spans.ts";
import type { Stage } from "./stages.ts";

type OutcomeLabel = (typeof OUTCOMES)[number];

export interface ObserverDeps {
  readonly metrics: Pick<
    Metrics,
    "published" | "finished" | "endToEnd" | "stage" | "tries" | "settledAmount" | "feeAmount"
  >;
  readonly log: Logger;
  readonly tracing: Pick<Tracing, "recordedTrace" | "ended">;
}

/**
 * Counts what Kafka has acknowledged, and tells of each payment's end in one line of the log, with all that its time went
 * to, and in its trace.
 * Never throws: whoever published has done its work, and the next batch waits.
 */
export function createPublishedObserver({
  metrics,
  log,
  tracing,
}: ObserverDeps): (published: Published) => void {
  return (published) => {
    metrics.published.add({}, published.records);
    tracing.ended(published);
    for (const outcome of published.outcomes) {
      try {
        observe({ metrics, log, tracing }, outcome);
      } catch (error) {
        log.warn({ err: error, paymentId: outcome.paymentId }, "could not measure a payment");
      }
    }
  };
}

function observe({ metrics, log, tracing }: ObserverDeps, ended: PublishedOutcome): void {
  const { paymentId, generation, code, payment } = ended;
  const outcome = labelOf(ended);
  metrics.finished.add({ code: code ?? "none" });
  const about = { paymentId, generation, outcome, code };
  const measured = payment && measure({ metrics, tracing }, payment, ended, outcome);
  log.info({ ...about, ...measured }, "payment ended");
}

/** What only the payment itself tells, for its line in the log. */
function measure(
  { metrics, tracing }: Pick<ObserverDeps, "metrics" | "tracing">,
  payment: EndedPayment,
  { paymentId, generation, kind }: PublishedOutcome,
  outcome: OutcomeLabel,
) {
  const { platformId, taskId, workerId, origin, rail, txHash, paid, stamps, traceparent } = payment;
  const recorded = tracing.recordedTrace({ paymentId, generation, traceparent });
  const spans = spansOf(stamps);
  const endToEndMs = spans.reduce((sum, span) => sum + durationMs(span), 0);
  metrics.endToEnd.observe({ outcome, origin }, endToEndMs / 1_000, recorded);
  const stagesMs = sumByStage(spans);
  if (origin === "live") {
    for (const [stage, ms] of stagesMs) metrics.stage.observe({ stage }, ms / 1_000, recorded);
  }
  const tries = payment.tries + (kind === "completed" ? 1 : 0);
  if (tries > 0) metrics.tries.observe({}, tries);
  if (paid) {
    metrics.settledAmount.add({ currency: paid.currency }, paid.net);
    metrics.feeAmount.add({ currency: paid.currency }, paid.fee);
  }
  const traceId = readTraceparent(traceparent)?.traceId;
  const ids = { platformId, taskId, workerId, txHash, traceId };
  return { ...ids, origin, rail, tries, endToEndMs, stagesMs: Object.fromEntries(stagesMs) };
}

function labelOf({ kind, code }: PublishedOutcome): OutcomeLabel {
  if (kind === "completed") return "completed";
  // A code that this version does not know is a newer one's, and no reason to think well of it.
  return code === null ? "failed" : FAILURE_KINDS[code];
}

function sumByStage(spans: readonly StageSpan[]): ReadonlyMap<Stage, number> {
  const sums = new Map<Stage, number>();
  for (const span of spans) {
    sums.set(span.stage, (sums.get(span.stage) ?? 0) + durationMs(span));
  }
  return sums;
}

function durationMs({ from, to }: StageSpan): number {
  return to.getTime() - from.getTime();
}
