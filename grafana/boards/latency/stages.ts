import { BUDGETED_SECONDS } from "../limits.ts";
import type { RowSpec } from "../panel.ts";
import { growthOf, highest, meanOf, quantileOf } from "../promql.ts";

const live = { where: { origin: "live" } } as const;
const finished = growthOf("count", "endToEnd", live);

export const stages: RowSpec = {
  title: "Where the 3 s go",
  panels: [
    {
      kind: "stack",
      title: "Mean seconds per payment by stage",
      shows:
        "What each stage takes of the mean payment, waits included: the height is the mean end-to-end time.",
      bad: "One colour grows. A `…_wait` grows with load, the others when what they rest on is slow; `retry_wait` and `void_wait` are there only where they happened.",
      next: "The row “Dependencies” for `accept` and `settle` (database), `submit` (Circle or the node), `chain`, `relay` (Kafka).",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "s",
      limits: { direction: "above", bad: BUDGETED_SECONDS },
      queries: [
        {
          expr: `${growthOf("sum", "stage", { by: ["stage"] })} / on () group_left () ${finished}`,
          legend: "{{stage}}",
        },
      ],
      width: 12,
      height: 10,
    },
    {
      kind: "bars",
      title: "Mean of each stage against its budget",
      shows: "The mean of the payments that met the stage, as a share of what the stage may take.",
      bad: "100 % or more: this stage eats other stages' time.",
      next: "The same stage in “Stage p99”: all payments slow, or a few very slow.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "percentunit",
      limits: { direction: "above", doubtful: 0.8, bad: 1 },
      min: 0,
      max: 1.5,
      queries: [
        {
          expr: `${meanOf("stage", { by: ["stage"] })} / on (stage) ${highest("stageBudget", { by: ["stage"] })}`,
          legend: "{{stage}}",
        },
      ],
      width: 6,
      height: 10,
    },
    {
      kind: "stat",
      title: "Unattributed time",
      shows:
        "Mean end to end less the sum of the stages' means. The stages are contiguous, so it is 0 but for rounding.",
      bad: "More than 25 ms either way: a stage is not measured, or measured twice. The panels of this row are then wrong.",
      next: "It is an error in the service: the log line of a payment's end has all stage times.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "s",
      limits: { direction: "above", doubtful: 0.01, bad: 0.025 },
      decimals: 3,
      queries: [
        {
          expr: `abs((${growthOf("sum", "endToEnd", live)} - ${growthOf("sum", "stage")}) / ${finished})`,
          legend: "unattributed",
        },
      ],
      width: 6,
      height: 5,
      noValue: "nothing finished",
    },
    {
      kind: "stat",
      title: "Slack",
      shows: "The promise less the mean end-to-end time.",
      bad: "Below 0.45 s, the slack that the budgets leave: a burst or a slow block breaks the promise.",
      next: "“Mean of each stage against its budget”.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "s",
      limits: { direction: "below", doubtful: 1, bad: 0.45 },
      decimals: 2,
      queries: [
        { expr: `${highest("sloThreshold")} - ${meanOf("endToEnd", live)}`, legend: "slack" },
      ],
      width: 6,
      height: 5,
      noValue: "nothing finished",
    },
    {
      kind: "lines",
      title: "Stage p99",
      shows:
        "What 99 of 100 payments stayed under in each of the chosen stages. Percentiles do not add up. Points are single payments with a trace.",
      bad: "A line far above its stage's mean: a few payments wait there very long.",
      next: "A point leads to the trace of such a payment.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "s",
      limits: null,
      queries: [
        {
          expr: quantileOf(0.99, "stage", { by: ["stage"], chosen: "stage" }),
          legend: "{{stage}}",
          exemplars: true,
        },
      ],
      width: 24,
      height: 9,
    },
  ],
};
