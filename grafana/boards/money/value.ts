import type { RowSpec } from "../panel.ts";
import { highest, perSecond, series } from "../promql.ts";

const settledPerHour = `3600 * ${perSecond("settledAmount", { by: ["currency"] })}`;

export const value: RowSpec = {
  title: "What was paid",
  panels: [
    {
      kind: "lines",
      title: "Paid to workers, an hour",
      shows:
        "What workers were paid, in whole units of each currency, at the pace of the moment. The ledger has it to the micro-unit.",
      bad: "0 while tasks are being finished; or far above what platforms usually pay.",
      next: "Payments: the line, “In and out”.",
      runbook: "PaymentsStuck",
      unit: "short",
      limits: null,
      queries: [{ expr: settledPerHour, legend: "{{currency}}" }],
      width: 12,
    },
    {
      kind: "lines",
      title: "Fees booked, an hour",
      shows: "What was booked as fees, in whole units of each currency, at the pace of the moment.",
      bad: "A share of what was paid other than PAYMENT_FEE_PERCENTAGE or its tiers say.",
      next: "`gigpay config --print`; `gigpay verify` recomputes each.",
      runbook: "PaymentsReconciliationMismatch",
      unit: "short",
      limits: null,
      queries: [
        { expr: `3600 * ${perSecond("feeAmount", { by: ["currency"] })}`, legend: "{{currency}}" },
      ],
      width: 12,
    },
  ],
};

export const treasuries: RowSpec = {
  title: "What payers can still pay",
  panels: [
    {
      kind: "bars",
      title: "Hours until a payer is empty",
      shows:
        "What PayOnce could still move for each payer, at the pace of its last hour. The ten that last shortest; 720 stands for a month and more.",
      bad: "Below a working day. At 0 its payments are held: nobody fails, nobody is paid.",
      next: "docs/playbooks/treasury-empty.md.",
      runbook: "PaymentsPayerFundsLow",
      unit: "h",
      limits: { direction: "below", doubtful: 24, bad: 8 },
      min: 0,
      max: 720,
      queries: [
        {
          expr: `bottomk(10, clamp_max(${highest("payerFunds", { by: ["payer", "currency"] })} / on (payer, currency) clamp_min(${highest("payerDemand", { by: ["payer", "currency"] })}, 0.000001), 720))`,
          legend: "{{payer}} {{currency}}",
        },
      ],
      width: 12,
      mayBeEmpty: "a payer's funds are known once it has been paid for",
      noValue: "no payer yet",
    },
    {
      kind: "lines",
      title: "What payers can still pay",
      shows: "The lesser of balance and allowance, in whole units: the ten payers with the least.",
      bad: "A line that meets 0.",
      next: "The payer's treasury: more money, or more allowance.",
      runbook: "PaymentsPayerFundsLow",
      unit: "short",
      limits: null,
      queries: [
        {
          expr: `bottomk(10, ${highest("payerFunds", { by: ["payer", "currency"] })})`,
          legend: "{{payer}} {{currency}}",
        },
      ],
      width: 12,
      mayBeEmpty: "a payer's funds are known once it has been paid for",
      noValue: "no payer yet",
    },
    {
      kind: "lines",
      title: "Payments held",
      shows:
        "Payments that wait for a payer's money, or stand still because of a pause or a restore.",
      bad: "Above 0.",
      next: "Payments: the line, “Oldest held payment by reason”.",
      runbook: "PaymentsPayerFundsLow",
      unit: "short",
      limits: { direction: "above", bad: 1 },
      queries: [{ expr: highest("held", { by: ["reason"] }), legend: "{{reason}}" }],
      width: 8,
    },
    {
      kind: "stat",
      title: "Dispatch is paused",
      shows:
        "For everything, or for so many platforms; and whether a restored backup waits for an operator's word.",
      bad: "Anything but 0: somebody, or an alarm, has stopped payments.",
      next: "`SELECT * FROM pauses` says who and why.",
      runbook: "PaymentsPaused",
      unit: "short",
      limits: { direction: "above", bad: 1 },
      queries: [
        { expr: highest("paused", { by: ["scope"] }), legend: "{{scope}}" },
        { expr: highest("restoreOpen"), legend: "restore" },
      ],
      width: 8,
    },
    {
      kind: "stat",
      title: "Own small payment",
      shows:
        "How long ago the service's payment to a wallet of our own last came through: it proves the whole line when nobody else pays.",
      bad: "Longer than its interval and a minute.",
      next: "Payments: the 3 seconds, from left to right.",
      runbook: "PaymentsHeartbeatMissing",
      unit: "s",
      limits: { direction: "above", doubtful: 300, bad: 900 },
      queries: [
        {
          expr: `time() - max(${series("heartbeatLast")} > 0) and on () ${highest("heartbeatEnabled")} == 1`,
          legend: "last",
        },
      ],
      width: 8,
      mayBeEmpty: "it is off unless it is set",
      noValue: "off",
    },
  ],
};
