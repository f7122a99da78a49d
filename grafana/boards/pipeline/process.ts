import type { RowSpec } from "../panel.ts";
import { processSeries } from "../process-series.ts";
import { grown, highest, orZero, perSecond, secondsSince, series } from "../promql.ts";

export const process: RowSpec = {
  title: "Alarms and process",
  panels: [
    {
      kind: "bars",
      title: "Alarms by kind",
      shows: "What must never be passed over in silence, within the time shown.",
      bad: "Anything: each pauses dispatch (AUTO_PAUSE) but for `publish_refused`.",
      next: "`SELECT * FROM audit_log WHERE action LIKE 'alarm.%' ORDER BY id DESC`.",
      runbook: "PaymentsAlarm",
      unit: "short",
      limits: { direction: "above", bad: 1 },
      min: 0,
      queries: [
        {
          expr: orZero(`${grown("alarms", { by: ["kind"] }, "$__range")} > 0`, {
            name: "kind",
            value: "none",
          }),
          legend: "{{kind}}",
        },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Warnings and errors in the log",
      shows: "Lines a minute by level.",
      bad: "Errors without an alert: something is met that nobody thought of.",
      next: "The log itself, at that minute.",
      runbook: "PaymentsErrorsLogged",
      unit: "short",
      limits: null,
      queries: [
        { expr: `60 * ${perSecond("logMessages", { by: ["level"] })}`, legend: "{{level}}" },
      ],
      width: 8,
    },
    {
      kind: "table",
      title: "Who does the work",
      shows:
        "For each lease, how many instances hold it: following the chain, the relay, and each wallet.",
      bad: "0 for long: nobody does that work. 2 for longer than a scrape: a zombie, which does no harm but slows.",
      next: "“What is running”: are all instances up? The log says who took a lease.",
      runbook: "PaymentsStuck",
      unit: "short",
      limits: null,
      queries: [{ expr: `sum by (lease) (${series("leases")})`, legend: "{{lease}}" }],
      width: 8,
    },
    {
      kind: "lines",
      title: "Event loop delay",
      shows:
        "How late the event loop was, between two scrapes: 99 of 100 times less, and at worst. An idle process shows about 10 ms.",
      bad: "Above 50 ms: the process computes too much at a time, and every stage waits.",
      next: "“Time spent collecting garbage” and “CPU”.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "s",
      limits: { direction: "above", doubtful: 0.05, bad: 0.25 },
      queries: [
        {
          expr: `max by (instance) (${processSeries("eventLoopP99")})`,
          legend: "{{instance}} p99",
        },
        {
          expr: `max by (instance) (${processSeries("eventLoopMax")})`,
          legend: "{{instance}} max",
        },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Time spent collecting garbage, CPU",
      shows: "Shares of one core.",
      bad: "Garbage above 10 %: the heap is close to its bound. CPU close to 1: another instance is needed.",
      next: "“Memory”.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "percentunit",
      limits: { direction: "above", bad: 1 },
      queries: [
        {
          expr: `sum by (instance) (rate(${processSeries("collecting")}[$__rate_interval]))`,
          legend: "{{instance}} garbage",
        },
        {
          expr: `sum by (instance) (rate(${processSeries("cpu")}[$__rate_interval]))`,
          legend: "{{instance}} CPU",
        },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Memory",
      shows: "What each process holds, and how much of it is its heap.",
      bad: "Above 300 MB: more than the service is built to need, whatever the backlog.",
      next: "docs/operations.md, “Memory”.",
      runbook: "PaymentsLatencyBudgetBurn",
      unit: "bytes",
      limits: { direction: "above", bad: 300 * 1_024 * 1_024 },
      queries: [
        {
          expr: `max by (instance) (${processSeries("resident")})`,
          legend: "{{instance}} resident",
        },
        { expr: `max by (instance) (${processSeries("heapUsed")})`, legend: "{{instance}} heap" },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Database connections",
      shows: "Connections of each instance's pool: at work, idle, and those who wait for one.",
      bad: "`waiting` above 0 for long: the pool is too small, or the database too slow.",
      next: "DATABASE_POOL_MAX; the database's own boards.",
      runbook: "PaymentsDatabaseConnectionsExhausted",
      unit: "short",
      limits: null,
      queries: [
        {
          expr: highest("poolConnections", { by: ["instance", "state"] }),
          legend: "{{instance}} {{state}}",
        },
      ],
      width: 8,
    },
    {
      kind: "lines",
      title: "Age of the sampled figures",
      shows:
        "Figures of the database, the chain and Kafka are gathered beside the line; this is how old they are, and how often gathering failed, a minute.",
      bad: "Above 30 s: the panels drawn from them are frozen, not calm.",
      next: "The log: `could not gather …`.",
      runbook: "PaymentsSamplerStale",
      unit: "s",
      limits: { direction: "above", doubtful: 30, bad: 120 },
      queries: [
        {
          expr: secondsSince("sampled", { by: ["instance", "sampler"] }),
          legend: "{{instance}} {{sampler}}",
        },
        {
          expr: `60 * ${perSecond("samplerFailures", { by: ["sampler"] })}`,
          legend: "{{sampler}} failures a minute",
        },
      ],
      width: 8,
      noValue: "never",
    },
    {
      kind: "table",
      title: "What is running",
      shows: "Versions, with the number of instances of each.",
      bad: "Two versions for longer than a deployment; fewer instances than were started.",
      next: "The deployment's own board.",
      runbook: "PaymentsDown",
      unit: "short",
      limits: null,
      queries: [
        {
          expr: `count by (version, commit, node_version, rail) (${series("build")})`,
          legend: "{{version}}",
        },
      ],
      width: 8,
    },
  ],
};
