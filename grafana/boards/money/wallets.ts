import type { RowSpec } from "../panel.ts";
import { highest, lowest, series } from "../promql.ts";

const gas = lowest("operatorGas", { by: ["operator"] });
const burnedAnHour = `clamp_min(-3600 * min by (operator) (deriv(${series("operatorGas")}[1h])), 0.000001)`;

export const wallets: RowSpec = {
  title: "Operators' wallets",
  panels: [
    {
      kind: "lines",
      title: "Gas and its floor",
      shows:
        "What each operator's wallet has left for gas, in whole native USDC, and the least that it needs.",
      bad: "A line near the floor. Below it the wallet cannot send, and its lane stands still.",
      next: "Send USDC to the address that the line names.",
      runbook: "PaymentsOperatorGasLow",
      unit: "short",
      limits: null,
      queries: [
        { expr: gas, legend: "{{operator}}" },
        { expr: highest("operatorGasMinimum"), legend: "floor" },
      ],
      width: 8,
    },
    {
      kind: "bars",
      title: "Hours of gas left",
      shows:
        "Until the floor is met, at the pace of the last hour; 720 stands for a month and more.",
      bad: "Below a day.",
      next: "“Gas and its floor” names the address.",
      runbook: "PaymentsOperatorGasLow",
      unit: "h",
      limits: { direction: "below", doubtful: 72, bad: 24 },
      min: 0,
      max: 720,
      queries: [
        {
          expr: `clamp_max((${gas} - on () group_left () ${highest("operatorGasMinimum")}) / on (operator) ${burnedAnHour}, 720)`,
          legend: "{{operator}}",
        },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Sends under way",
      shows: "Sends that may still be mined, by operator.",
      bad: "At ARC_MAX_IN_FLIGHT for long: the chain, or Circle, is slower than payments come.",
      next: "“Oldest send under way”.",
      runbook: "PaymentsSendsOld",
      unit: "short",
      limits: null,
      queries: [{ expr: highest("sendsOpen", { by: ["operator"] }), legend: "{{operator}}" }],
      width: 8,
      mayBeEmpty: "an operator is shown once it has sent",
    },
    {
      kind: "lines",
      title: "Oldest send under way",
      shows: "How long the oldest of them has been under way.",
      bad: "Above 10 s: it is not being mined. It is sent again, with a higher fee where that helps.",
      next: "`gigpay doctor`; the explorer, by the operator's address: is a nonce missing?",
      runbook: "PaymentsSendsOld",
      unit: "s",
      limits: { direction: "above", doubtful: 10, bad: 60 },
      queries: [{ expr: highest("sendsOldestAge", { by: ["operator"] }), legend: "{{operator}}" }],
      width: 24,
      mayBeEmpty: "an operator is shown once it has sent",
    },
  ],
};
