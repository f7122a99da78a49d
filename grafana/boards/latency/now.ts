import { OBJECTIVE, PROMISED_SECONDS, BUDGETED_SECONDS } from "../limits.ts";
import type { RowSpec } from "../panel.ts";
import { atMost, growthOf, highest, meanOf, quantileOf } from "../promql.ts";

const live = { where: { origin: "live" } } as const;
const all = growthOf("count", "endToEnd", live);

export const now: RowSpec = {
  title: "Now",
  panels: [
    {
      kind: "stat",
      title: "Within 3 s",
      shows:
        "The share of the live payments finished just now that took 3 s or less from the event to Kafka's acknowledgement of the outcome.",
      bad: "Below 99 %. Payments that never finish are not in it: look at what is stuck as well.",
      next: "Which stage grew: “Where the 3 s go”, below. The burn of the budget: Payments: the promise.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "percentunit",
      limits: { direction: "below", doubtful: 0.995, bad: OBJECTIVE },
      decimals: 2,
      queries: [
        { expr: `${atMost([PROMISED_SECONDS], "endToEnd", live)} / ${all}`, legend: "within 3 s" },
      ],
      width: 6,
      height: 5,
      noValue: "nothing finished",
    },
    {
      kind: "stat",
      title: "p99 end to end",
      shows: "99 of 100 live payments were faster than this.",
      bad: "Above 3 s: the promise is being broken. Above the budgets' sum of 2.55 s there is little left.",
      next: "“p99 by stage”, below, tells which stage it is.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "s",
      limits: { direction: "above", doubtful: BUDGETED_SECONDS, bad: PROMISED_SECONDS },
      decimals: 2,
      queries: [{ expr: quantileOf(0.99, "endToEnd", live), legend: "p99" }],
      width: 6,
      height: 5,
      noValue: "nothing finished",
    },
    {
      kind: "stat",
      title: "Mean end to end",
      shows: "What a live payment takes in the mean: the sum of its stages.",
      bad: "Above 2.55 s, the sum of the stages' budgets.",
      next: "“Mean of each stage against its budget”, below.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "s",
      limits: { direction: "above", doubtful: 2, bad: BUDGETED_SECONDS },
      decimals: 2,
      queries: [{ expr: meanOf("endToEnd", live), legend: "mean" }],
      width: 6,
      height: 5,
      noValue: "nothing finished",
    },
    {
      kind: "stat",
      title: "Oldest open payment",
      shows:
        "How long the oldest payment that has not ended has been open. Those that wait for money, a pause or a restore are not in it.",
      bad: "Above 3 s and growing: it is stuck, and no latency of finished payments shows it.",
      next: "Payments: the line, “Oldest open payment by state”.",
      runbook: "PaymentsStuck",
      unit: "s",
      limits: { direction: "above", doubtful: PROMISED_SECONDS, bad: 60 },
      decimals: 1,
      queries: [{ expr: highest("openOldestAge"), legend: "oldest" }],
      width: 6,
      height: 5,
    },
  ],
};
