import type { RowSpec } from "../panel.ts";
import { atMost, perSecond } from "../promql.ts";
import { recorded } from "../recordings.ts";
import { BUDGET, BY_JOB } from "./objective.ts";

const WINDOWS = ["5m", "1h", "6h", "1d", "3d"] as const;
/** A good payment: a business answer, paid or a definite no, within the promise. */
const good = atMost([3], "endToEnd", {
  where: { outcome: ["completed", "rejected"], origin: "live" },
});

export const burn: RowSpec = {
  title: "Burn",
  panels: [
    {
      kind: "lines",
      title: "Burn by window",
      shows:
        "How many times as fast as allowed the budget is being spent, looking back so far. The lines are where alerts begin: 14.4 within an hour, 1 within 3 days.",
      bad: "Short and long windows both high: it burns now. Only long ones high: it is over.",
      next: "“Missed payments” tells when; Payments: the 3 seconds tells why.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "none",
      limits: { direction: "above", doubtful: 1, bad: 14.4 },
      queries: WINDOWS.map((window) => ({
        expr: `max(${recorded(`error${window}`)}) / ${BUDGET}`,
        legend: window,
      })),
      width: 16,
      height: 10,
      noValue: "nothing accepted",
      excused: BY_JOB,
    },
    {
      kind: "lines",
      title: "Missed payments, a minute",
      shows:
        "Live payments accepted, less those answered within 3 s. A payment counts when it is accepted and again when it ends, so a burst swings about 0.",
      bad: "A level above 0.",
      next: "Payments: the line, “Oldest open payment by state”.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "short",
      limits: null,
      queries: [
        {
          expr: `60 * clamp_min(${perSecond("accepted", { where: { origin: "live" } })} - ${good}, 0)`,
          legend: "missed",
        },
      ],
      width: 8,
      height: 10,
    },
    {
      kind: "table",
      title: "Firing alerts",
      shows: "What Prometheus says fires now.",
      bad: "Anything with the severity `page`.",
      next: "The alert's own section of the runbook.",
      runbook: "PaymentsStuck",
      unit: "short",
      limits: null,
      queries: [
        {
          expr: `count by (alertname, severity) (ALERTS{alertname=~"Payments.*",alertstate="firing"}) or on () label_replace(vector(0), "alertname", "none", "", "")`,
          legend: "{{alertname}}",
        },
      ],
      width: 24,
      height: 6,
      excused: {
        "target-job-rule": "an alert about what is absent has no job",
        "target-instance-rule": "an alert is about the deployment, not an instance",
      },
    },
  ],
};
