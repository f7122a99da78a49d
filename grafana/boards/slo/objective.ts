import { OBJECTIVE } from "../limits.ts";
import type { PanelSpec, RowSpec } from "../panel.ts";
import { CHOSEN_JOB } from "../promql.ts";
import { recorded } from "../recordings.ts";
import { catalogue } from "../../../src/metrics/catalogue/catalogue.ts";

/** What a deployment has promised leaves this share to miss. */
export const BUDGET = `(1 - max(${catalogue.sloObjective.name}{${CHOSEN_JOB}}))`;
export const BY_JOB = {
  "target-instance-rule": "the promise is the deployment's, recorded by job over all its instances",
} as const;
const FASTEST_PAGE = 14.4;

const panels: readonly PanelSpec[] = [
  {
    kind: "stat",
    title: "Kept, 30 days",
    shows:
      "The share of the live payments accepted in 30 days that had their business answer within 3 s. One that never ends counts as missed.",
    bad: "Below the objective, 99 %.",
    next: "“Budget left” and what burns it.",
    runbook: "PaymentsLatencyBudgetBurn",
    unit: "percentunit",
    limits: { direction: "below", doubtful: 0.995, bad: OBJECTIVE },
    decimals: 3,
    queries: [{ expr: `1 - max(${recorded("error30d")})`, legend: "kept" }],
    width: 6,
    height: 6,
    noValue: "nothing accepted",
    excused: BY_JOB,
  },
  {
    kind: "gauge",
    title: "Budget left, 30 days",
    shows: "What is left of the payments that may be missed in 30 days.",
    bad: "Below a quarter: put off what is risky. Below 0: the promise is broken.",
    next: "“Burn by window”: is it burning now, or was it one bad day?",
    runbook: "PaymentsLatencyBudgetBurn",
    unit: "percentunit",
    limits: { direction: "below", doubtful: 0.5, bad: 0.25 },
    min: 0,
    max: 1,
    queries: [{ expr: `min(${recorded("budgetRemaining")})`, legend: "left" }],
    width: 6,
    height: 6,
    noValue: "nothing accepted",
    excused: BY_JOB,
  },
  {
    kind: "stat",
    title: "Burn, 1 hour",
    shows:
      "How many times as fast as allowed the budget is being spent: at 1 it lasts 30 days exactly.",
    bad: "Above 1. At 14.4 a fiftieth of the month's budget is gone in an hour, and someone is paged.",
    next: "Payments: the 3 seconds.",
    runbook: "PaymentsLatencyBudgetBurn",
    unit: "none",
    limits: { direction: "above", doubtful: 1, bad: FASTEST_PAGE },
    decimals: 1,
    queries: [{ expr: `max(${recorded("error1h")}) / ${BUDGET}`, legend: "burn" }],
    width: 6,
    height: 6,
    noValue: "nothing accepted",
    excused: BY_JOB,
  },
  {
    kind: "stat",
    title: "Days left at this burn",
    shows: "When the budget is spent if the last hour goes on.",
    bad: "Below 30. Below 3, tonight is the time to act.",
    next: "“Burn by window”.",
    runbook: "PaymentsLatencyBudgetBurn",
    unit: "d",
    limits: { direction: "below", doubtful: 30, bad: 3 },
    decimals: 1,
    queries: [
      {
        expr: `clamp(30 * min(${recorded("budgetRemaining")}) / clamp_min(max(${recorded("error1h")}) / ${BUDGET}, 0.01), 0, 3000)`,
        legend: "days",
      },
    ],
    width: 6,
    height: 6,
    noValue: "nothing accepted",
    excused: BY_JOB,
  },
];

export const objective: RowSpec = { title: "The promise: 99 % within 3 s, 30 days", panels };
