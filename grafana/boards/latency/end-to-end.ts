import { OBJECTIVE, PROMISED_SECONDS } from "../limits.ts";
import type { RowSpec } from "../panel.ts";
import { atMost, bucketsOf, growthOf, highest, quantileOf } from "../promql.ts";

const live = { where: { origin: "live" } } as const;

export const endToEnd: RowSpec = {
  title: "End to end",
  panels: [
    {
      kind: "lines",
      title: "End to end against the promise",
      shows:
        "Percentiles of live payments, and the line that they must stay under. Points are single payments with a trace.",
      bad: "p99 above the line; or p50 and p99 drifting apart, which is a queue that builds up.",
      next: "A point leads to the payment's trace. “Mean seconds per payment by stage” tells where the time went.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "s",
      limits: { direction: "above", bad: PROMISED_SECONDS },
      queries: [
        { expr: quantileOf(0.5, "endToEnd", live), legend: "p50" },
        { expr: quantileOf(0.95, "endToEnd", live), legend: "p95" },
        { expr: quantileOf(0.99, "endToEnd", live), legend: "p99", exemplars: true },
        { expr: highest("sloThreshold"), legend: "promised" },
      ],
      width: 12,
    },
    {
      kind: "heatmap",
      title: "End to end, every live payment",
      shows: "How many live payments took how long.",
      bad: "A second band higher up: some payments meet what others do not, such as one lane, one payer or a retry.",
      next: "Payments: the line, “Retries by reason” and “Oldest open payment by state”.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "s",
      limits: null,
      queries: [{ expr: bucketsOf("endToEnd", live), legend: "{{le}}" }],
      width: 12,
    },
    {
      kind: "lines",
      title: "Share within 1, 2, 3 and 5 s",
      shows: "Which share of the finished live payments was how fast.",
      bad: "The line of 3 s below the objective. The line of 2 s falls first.",
      next: "“Stage p99”, below, for what slows the slowest.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "percentunit",
      limits: { direction: "below", bad: OBJECTIVE },
      max: 1,
      queries: [
        {
          expr: `${atMost([1, 2, 3, 5], "endToEnd", live)} / on () group_left () ${growthOf("count", "endToEnd", live)}`,
          legend: "within {{le}} s",
        },
      ],
      width: 12,
    },
    {
      kind: "lines",
      title: "Finished by outcome and origin",
      shows:
        "Outcomes that Kafka has acknowledged, a second. Only `live` is under the promise: replayed dead letters and operators' retries start their clock at the operator's act.",
      bad: "`failed` above 0: payments that should have gone through. `rejected` is a definite business no, as fast as any.",
      next: "Payments: the line, “Finished by code”.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "cps",
      limits: null,
      queries: [
        {
          expr: growthOf("count", "endToEnd", { by: ["outcome", "origin"] }),
          legend: "{{outcome}}, {{origin}}",
        },
      ],
      width: 12,
    },
  ],
};
