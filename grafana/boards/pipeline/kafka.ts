import { PROMISED_SECONDS } from "../limits.ts";
import type { RowSpec } from "../panel.ts";
import { highest, orZero, perSecond, secondsSince, series } from "../promql.ts";

const letters = series("deadLetters");
const deadLetters = orZero(
  `sum by (code) (increase(${letters}[1m])) > 0 or sum by (code) (${letters} unless ${letters} offset 1m) > 0`,
  { name: "code", value: "none" },
);

export const kafka: RowSpec = {
  title: "Kafka, inbox and outbox",
  panels: [
    {
      kind: "lines",
      title: "Lag in seconds",
      shows: "The age of the oldest event that is not durable here yet, partition by partition.",
      bad: "Above 3 s the whole budget is gone before a payment begins.",
      next: "“Seconds since the last fetch” and “Rebalances”; then the database, for `accept` waits for it.",
      runbook: "PaymentsConsumerLagging",
      unit: "s",
      limits: { direction: "above", doubtful: 1, bad: PROMISED_SECONDS },
      queries: [
        { expr: highest("lagSeconds", { by: ["partition"] }), legend: "partition {{partition}}" },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Lag in records",
      shows:
        "Events that are not durable here yet. A burst shows here first; what it costs is in seconds.",
      bad: "A line that only rises.",
      next: "“Records a second” tells whether they are taken in at all.",
      runbook: "PaymentsConsumerLagging",
      unit: "short",
      limits: null,
      queries: [
        { expr: highest("lagRecords", { by: ["partition"] }), legend: "partition {{partition}}" },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Seconds since the last fetch",
      shows: "When each instance last heard from the broker, records or none.",
      bad: "Above 10 s: the consumer stands still. Its partitions go to others after the session's time-out.",
      next: "The log: `Kafka is away`, or a rebalance that does not end.",
      runbook: "PaymentsConsumerStalled",
      unit: "s",
      limits: { direction: "above", doubtful: 10, bad: 60 },
      queries: [{ expr: secondsSince("lastFetch", { by: ["instance"] }), legend: "{{instance}}" }],
      width: 8,
      noValue: "never",
    },
    {
      kind: "lines",
      title: "Records a second",
      shows:
        "Events made durable, dead letters included, and outcomes that Kafka has acknowledged.",
      bad: "0 while “Lag in records” rises.",
      next: "“Lag in seconds”.",
      runbook: "PaymentsConsumerLagging",
      unit: "cps",
      limits: null,
      queries: [
        { expr: perSecond("consumed"), legend: "consumed" },
        { expr: perSecond("published"), legend: "published" },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Rebalances, clock skew, failed publishing",
      shows:
        "Times that partitions were given out anew, events from our future, and batches that Kafka did not acknowledge, a minute.",
      bad: "Rebalances without a deployment: an instance does not keep its place. Skew: a platform's clock is ahead, its payments look faster than they are.",
      next: "The log names the event's platform, and the broker's error.",
      runbook: "PaymentsConsumerStalled",
      unit: "short",
      limits: null,
      queries: [
        { expr: `60 * ${perSecond("rebalances")}`, legend: "rebalances" },
        { expr: `60 * ${perSecond("clockSkew")}`, legend: "events from the future" },
        { expr: `60 * ${perSecond("publishFailures")}`, legend: "batches not acknowledged" },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Outcomes not with Kafka yet",
      shows:
        "Outcomes that are decided and wait to be published; and records that Kafka refuses as they are.",
      bad: "Rising: the relay stands still. Anything refused waits for a person.",
      next: "“Age of the oldest outcome”.",
      runbook: "PaymentsOutboxOld",
      unit: "short",
      limits: null,
      queries: [
        { expr: highest("outboxPending"), legend: "pending" },
        { expr: highest("outboxRefused"), legend: "refused" },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Age of the oldest outcome",
      shows: "How long the oldest outcome that is not with Kafka has waited.",
      bad: "Above 1 s it breaks the promise; above 30 s nothing is published.",
      next: "Kafka's own boards; “Who does the work”: someone must hold `relay`.",
      runbook: "PaymentsOutboxOld",
      unit: "s",
      limits: { direction: "above", doubtful: 1, bad: 30 },
      queries: [{ expr: highest("outboxOldestAge"), legend: "oldest" }],
      width: 8,
    },
    {
      kind: "lines",
      title: "Dead letters by code",
      shows: "Records that cannot become a payment, within the minute before.",
      bad: "Anything above 0: a platform sends what nobody can pay.",
      next: "`gigpay dead-letters list --status open`.",
      runbook: "PaymentsDeadLetters",
      unit: "short",
      limits: { direction: "above", bad: 1 },
      queries: [{ expr: deadLetters, legend: "{{code}}" }],
      excused: {
        "target-counter-agg-rule":
          "a code is met for the first time as a series that begins above 0, which increase() does not see",
      },
      width: 8,
    },
    {
      kind: "lines",
      title: "Open dead letters",
      shows: "Dead letters that nobody has dealt with, and the hours that the oldest has waited.",
      bad: "Hours above 24: a worker waits for money.",
      next: "docs/playbooks/dead-letters.md.",
      runbook: "PaymentsDeadLetters",
      unit: "short",
      limits: null,
      queries: [
        { expr: highest("deadLettersOpen"), legend: "open" },
        { expr: `${highest("deadLettersOldestAge")} / 3600`, legend: "hours of the oldest" },
      ],
      width: 8,
    },
  ],
};
