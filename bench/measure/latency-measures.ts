import { spansOf } from "../../src/metrics/stage-spans.ts";
import type { Measures } from "../question.ts";
import type { ProviderTime } from "./provider-time.ts";
import { durationMeasures } from "./spread.ts";
import type { MeasuredPayment } from "./read-payments.ts";

/**
 * What the stored times of these payments say: each stage by the service's own clock, the provider's time, what Circle's limiter
 * held back, and the service's own overhead, which is all the rest from the task's completion to Kafka's acknowledgement.
 */
export function latencyMeasures(
  payments: readonly MeasuredPayment[],
  timeOf: (payment: MeasuredPayment) => ProviderTime,
): Measures {
  const durations = new Map<string, number[]>();
  const note = (name: string, ms: number) => {
    const known = durations.get(name);
    if (known) known.push(ms);
    else durations.set(name, [ms]);
  };
  for (const payment of payments) {
    for (const { stage, from, to } of spansOf(payment)) {
      note(camelCase(stage), to.getTime() - from.getTime());
    }
    const { providerMs, limiterMs } = timeOf(payment);
    const wholeMs = payment.publishedAt.getTime() - payment.occurredAt.getTime();
    note("acknowledged", wholeMs);
    note("provider", providerMs);
    note("limiter", limiterMs);
    note("own", wholeMs - providerMs - limiterMs);
  }
  return Object.assign({}, ...[...durations].map(([name, ms]) => durationMeasures(name, ms)));
}

function camelCase(stage: string): string {
  return stage.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
