import type { RowSpec } from "../panel.ts";
import {
  atMost,
  growthOf,
  highest,
  meanOf,
  orZero,
  perSecond,
  quantileOf,
  secondsSince,
} from "../promql.ts";

export const dependencies: RowSpec = {
  title: "Dependencies",
  panels: [
    {
      kind: "lines",
      title: "Calls, p99",
      shows: "How long calls to what the service rests on took: 99 of 100 were faster.",
      bad: "A line that rises with a stage's: that dependency is the cause.",
      next: "“Failed calls”. The dependency's own boards.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "s",
      limits: null,
      queries: [
        {
          expr: quantileOf(0.99, "call", { by: ["dependency", "operation"] }),
          legend: "{{dependency}} {{operation}}",
        },
      ],
      width: 12,
    },
    {
      kind: "lines",
      title: "Failed calls",
      shows: "Calls a second that ended in an error.",
      bad: "Anything that stays above 0. Single ones are made again and cost only time.",
      next: "The log says `… is away` once; the runbook has a playbook for each part.",
      runbook: "PaymentsErrorsLogged",
      unit: "cps",
      limits: { direction: "above", bad: 0.1 },
      queries: [
        {
          expr: orZero(
            growthOf("count", "call", { by: ["dependency"], where: { result: "error" } }),
            {
              name: "dependency",
              value: "none",
            },
          ),
          legend: "{{dependency}}",
        },
      ],
      width: 12,
    },
    {
      kind: "lines",
      title: "Waiting for Circle's limits",
      shows:
        "Calls that wait for their turn within Circle's limits, on average; and answers of 429 a second all the same.",
      bad: "More than a few wait: more payments than Circle's limit lets through, `dispatch_wait` and `submit` grow. A 429: someone else uses the account.",
      next: "PAYMENT_BATCH_MAX puts more payments into a call. Another Circle account is another lane.",
      runbook: "PaymentsCircleThrottled",
      unit: "short",
      limits: { direction: "above", bad: 5 },
      queries: [
        {
          // Seconds of waiting a second are how many wait.
          expr: growthOf("sum", "limiterWait", { by: ["limit"] }),
          legend: "{{limit}} waiting",
        },
        { expr: perSecond("throttled"), legend: "429 a second" },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Age of the chain's head",
      shows: "Seconds since a new block was heard of; to 5 s, but where the chain is followed.",
      bad: "Above 10 s: the node stands still or is away, and no payment can end.",
      next: "`gigpay doctor` asks the node. Nothing fails: payments wait.",
      runbook: "PaymentsChainSilent",
      unit: "s",
      limits: { direction: "above", doubtful: 10, bad: 30 },
      queries: [{ expr: secondsSince("chainHead"), legend: "head" }],
      width: 8,
      noValue: "no head yet",
    },
    {
      kind: "lines",
      title: "Blocks to settle",
      shows:
        "Blocks between the chain's newest, as it was up to 5 s ago, and the last one whose logs are settled.",
      bad: "A line that rises: following is slower than the chain. After a start it falls to 0.",
      next: "“Calls, p99” of the node; the database's boards.",
      runbook: "PaymentsFollowingBehind",
      unit: "short",
      limits: { direction: "above", doubtful: 5, bad: 20 },
      queries: [
        {
          expr: `clamp_min(${highest("headBlock")} - ${highest("followedBlock")}, 0)`,
          legend: "behind",
        },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Taken together",
      shows: "What one commit of each stage took together, in the mean.",
      bad: "Close to a stage's maximum for long: the stage cannot keep up, and its wait grows.",
      next: "“Mean seconds per payment by stage”.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "short",
      limits: null,
      queries: [{ expr: meanOf("batch", { by: ["stage"] }), legend: "{{stage}}" }],
      width: 12,
    },
    {
      kind: "lines",
      title: "Payments that took more than one try",
      shows: "The share of finished payments that needed a retry.",
      bad: "Above a few percent: every retry waits 2 s or more and breaks the promise.",
      next: "Payments: the line, “Retries by reason”.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "percentunit",
      limits: { direction: "above", doubtful: 0.01, bad: 0.05 },
      queries: [
        {
          expr: `1 - ${atMost([1], "tries")} / ${growthOf("count", "tries")}`,
          legend: "tried again",
        },
      ],
      width: 12,
      noValue: "nothing finished",
    },
  ],
};
