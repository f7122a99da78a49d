import type { RowSpec } from "../panel.ts";
import { highest, perSecond, quantileOf } from "../promql.ts";

export const webhooks: RowSpec = {
  title: "Webhooks",
  panels: [
    {
      kind: "lines",
      title: "Age of the oldest due webhook",
      shows: "For how long a webhook has been due, retries of receivers that fail left out.",
      bad: "Above 2 min: this service sends too slowly, whoever is to blame elsewhere.",
      next: "“Tries to deliver webhooks”: none at all, or 256 at once that all take long?",
      runbook: "PaymentsWebhooksWaiting",
      unit: "s",
      limits: { direction: "above", doubtful: 10, bad: 120 },
      queries: [{ expr: highest("webhookOldestDueAge"), legend: "oldest" }],
      width: 6,
    },
    {
      kind: "lines",
      title: "Tries to deliver webhooks",
      shows: "Tries a second, by what came of them, and deliveries whose tries are used up.",
      bad: "`timeout` or `unreachable` of all receivers at once: the way out is ours.",
      next: "“Webhook endpoints”; `GET /v1/webhook-deliveries?status=exhausted`.",
      runbook: "PaymentsWebhooksWaiting",
      unit: "cps",
      limits: null,
      queries: [
        { expr: perSecond("webhookTries", { by: ["outcome"] }), legend: "{{outcome}}" },
        { expr: perSecond("webhookExhausted"), legend: "exhausted" },
      ],
      width: 6,
    },
    {
      kind: "lines",
      title: "How long a try takes",
      shows: "From the name to the end of the receiver's answer.",
      bad: "Near WEBHOOK_TIMEOUT_MS: receivers do their work before they answer.",
      next: "Their platforms: answer first, work afterwards.",
      runbook: "PaymentsWebhooksWaiting",
      unit: "s",
      limits: null,
      queries: [
        { expr: quantileOf(0.5, "webhookTrySeconds"), legend: "p50" },
        { expr: quantileOf(0.99, "webhookTrySeconds"), legend: "p99" },
      ],
      mayBeEmpty: "no platform may have an endpoint",
      width: 6,
    },
    {
      kind: "lines",
      title: "Webhook endpoints",
      shows: "Endpoints whose last try came through, whose last one did not, and disabled ones.",
      bad: "Many that fail at once.",
      next: "`GET /v1/webhook-endpoints`: `failingSince` and `disabled` of each.",
      runbook: "PaymentsWebhookEndpointDisabled",
      unit: "short",
      limits: null,
      queries: [{ expr: highest("webhookEndpoints", { by: ["state"] }), legend: "{{state}}" }],
      width: 6,
    },
  ],
};
