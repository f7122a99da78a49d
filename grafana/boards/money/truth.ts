import type { RowSpec } from "../panel.ts";
import { highest, orZero, perSecond, secondsSince, series } from "../promql.ts";

/** An instance that no longer looks goes on showing what it last found; only who looked lately is believed. */
const lately = `${series("mismatches")} and on (job, instance) (time() - ${series("reconciledLast")} < 900)`;

export const truth: RowSpec = {
  title: "Do ledger and chain agree",
  panels: [
    {
      kind: "stat",
      title: "Mismatches",
      shows:
        "What the last comparison of the ledger with itself and with the chain found that must not be.",
      bad: "Anything but 0: money may be wrong. Dispatch has paused itself.",
      next: "“Mismatches by kind”; `gigpay verify` names the payments.",
      runbook: "PaymentsReconciliationMismatch",
      unit: "short",
      limits: { direction: "above", bad: 1 },
      queries: [{ expr: orZero(`max(${lately})`), legend: "worst kind" }],
      width: 6,
    },
    {
      kind: "bars",
      title: "Mismatches by kind",
      shows: "Only the kinds that were found.",
      bad: "Anything. `…_overdue` is late, everything else must never be.",
      next: "docs/operations.md, “Verifying”, says what each is.",
      runbook: "PaymentsReconciliationMismatch",
      unit: "short",
      limits: { direction: "above", bad: 1 },
      min: 0,
      queries: [
        {
          expr: orZero(`max by (kind) (${lately}) > 0`, {
            name: "kind",
            value: "none",
          }),
          legend: "{{kind}}",
        },
      ],
      width: 6,
    },
    {
      kind: "stat",
      title: "Since the last comparison",
      shows: "How long ago ledger and chain were last compared, whatever was found.",
      bad: "Above 5 minutes: that there are no mismatches says nothing any more.",
      next: "“Comparing”: does it fail? Someone must follow the chain: Payments: the line, “Who does the work”.",
      runbook: "PaymentsReconciliationStale",
      unit: "s",
      limits: { direction: "above", doubtful: 180, bad: 300 },
      decimals: 0,
      queries: [{ expr: secondsSince("reconciledLast"), legend: "last" }],
      width: 6,
      noValue: "never",
    },
    {
      kind: "lines",
      title: "Comparing",
      shows:
        "How long the last comparison took, how far it is behind, the rows that it looked at a second, and how often none could be made, a minute.",
      bad: "Failures that stay: the chain's node or the database is away.",
      next: "`gigpay verify` by hand says what is in the way.",
      runbook: "PaymentsReconciliationStale",
      unit: "short",
      limits: null,
      queries: [
        { expr: highest("reconciliationDuration"), legend: "seconds" },
        { expr: highest("reconciliationLag"), legend: "seconds behind" },
        { expr: perSecond("reconciledRows"), legend: "rows a second" },
        { expr: `60 * ${perSecond("reconciliationFailures")}`, legend: "failures a minute" },
      ],
      width: 6,
    },
  ],
};
