import type { RowSpec } from "../panel.ts";
import { highest, perSecond, quantileOf } from "../promql.ts";

export const http: RowSpec = {
  title: "HTTP API",
  panels: [
    {
      kind: "lines",
      title: "Requests by answer",
      shows: "Requests a second, by how they were answered; `gone` left before the answer.",
      bad: "`5xx` above 0 for long. Many `4xx`: a caller is mistaken, and hears why.",
      next: "“Requests that fail” tells the routes; “Problems by code” the reason.",
      runbook: "PaymentsHttpErrors",
      unit: "cps",
      limits: null,
      queries: [{ expr: perSecond("httpRequests", { by: ["status"] }), legend: "{{status}}" }],
      width: 8,
    },
    {
      kind: "lines",
      title: "Requests that fail",
      shows: "Requests a second that were answered with a 5xx, by route.",
      bad: "Anything that stays. `/readyz` means that an instance takes no requests.",
      next: "The log: `a request met a fault of the service`, with the request's id.",
      runbook: "PaymentsHttpErrors",
      unit: "cps",
      limits: { direction: "above", bad: 0.1 },
      queries: [
        {
          expr: `${perSecond("httpRequests", { by: ["method", "route"], where: { status: "5xx" } })} > 0`,
          legend: "{{method}} {{route}}",
        },
      ],
      width: 8,
      mayBeEmpty: "only routes that fail are drawn",
      noValue: "none",
    },
    {
      kind: "lines",
      title: "Problems by code",
      shows:
        "Requests a second that ended in a problem: `rate_limited` is slowed down, `overloaded` was not taken in.",
      bad: "`overloaded`, `database_unavailable`, `internal`: ours. `signature_invalid`, `unauthenticated`: somebody tries.",
      next: "docs/api.md, “Errors”; /problems/CODE explains each.",
      runbook: "PaymentsHttpErrors",
      unit: "cps",
      limits: null,
      queries: [
        { expr: `${perSecond("httpProblems", { by: ["code"] })} > 0`, legend: "{{code}}" },
      ],
      width: 8,
      mayBeEmpty: "only codes that occur are drawn",
      noValue: "none",
    },
    {
      kind: "lines",
      title: "Duration by route, p99",
      shows: "How long answers took: 99 of 100 were faster. Who asked to wait is left out.",
      bad: "Above 1 s: callers repeat their requests, and it gets worse.",
      next: "“Connections of the pool”, “Event loop delay”; Payments: the 3 seconds, “Calls, p99”.",
      runbook: "PaymentsHttpSlow",
      unit: "s",
      limits: { direction: "above", doubtful: 0.25, bad: 1 },
      queries: [
        {
          expr: quantileOf(0.99, "httpDuration", { by: ["method", "route"] }),
          legend: "{{method}} {{route}}",
        },
      ],
      width: 8,
      mayBeEmpty: "only routes that are asked for are drawn",
      noValue: "no requests",
    },
    {
      kind: "lines",
      title: "Requests in flight",
      shows: "Requests that each instance is answering, those that wait for an outcome included.",
      bad: "A line that only rises: answers do not come, or callers wait for payments that are late.",
      next: "“Duration by route, p99”; “Oldest open payment by state”.",
      runbook: "PaymentsHttpSlow",
      unit: "short",
      limits: null,
      queries: [{ expr: highest("httpInFlight", { by: ["instance"] }), legend: "{{instance}}" }],
      width: 8,
    },
    {
      kind: "lines",
      title: "Circle's notifications",
      shows:
        "Notifications a second by what became of them, and the hints that had Circle asked at once.",
      bad: "`forged` or `unknown_key` for long: somebody else sends them, or a proxy changes bodies. Only zeros on the circle rail: nobody has subscribed.",
      next: "`gigpay doctor` tells whether they come here. No payment depends on them.",
      runbook: "PaymentsCircleNotificationsForged",
      unit: "cps",
      limits: null,
      queries: [
        { expr: perSecond("circleNotifications", { by: ["outcome"] }), legend: "{{outcome}}" },
        { expr: perSecond("circleHints"), legend: "hints" },
      ],
      width: 8,
    },
  ],
};
