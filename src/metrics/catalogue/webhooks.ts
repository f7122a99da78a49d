import { counter, gauge, histogram } from "../definition.ts";
import { TRY_OUTCOMES, WEBHOOK_ENDPOINT_STATES } from "./labels.ts";

export const webhookMetrics = {
  webhookTries: counter({
    name: "payments_webhook_tries_total",
    help: "Tries to deliver a webhook, by what came of them. rejected: any answer but 2xx; gone: 410; forbidden: the address is none that webhooks are sent to; stopped: broken off by this process' own end, and made again.",
    labels: { outcome: TRY_OUTCOMES },
  }),
  webhookTrySeconds: histogram({
    name: "payments_webhook_try_duration_seconds",
    help: "How long a try took, from the name to the end of the answer; at most WEBHOOK_TIMEOUT_MS.",
    labels: {},
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  }),
  webhookExhausted: counter({
    name: "payments_webhook_exhausted_total",
    help: "Deliveries whose ten tries did not come through; their platforms can have them delivered again for a week.",
    labels: {},
  }),
  webhookDisabled: counter({
    name: "payments_webhook_endpoints_disabled_total",
    help: "Endpoints that the service disabled. gone: the receiver answered 410; backlog: 100,000 deliveries waited for it.",
    labels: { reason: ["gone", "backlog"] },
  }),
  webhookEndpoints: gauge({
    name: "payments_webhook_endpoints",
    help: "Endpoints: those whose last try came through, those whose last one did not, and disabled ones. Every instance reports the same: use max.",
    labels: { state: WEBHOOK_ENDPOINT_STATES },
  }),
  webhookOldestDueAge: gauge({
    name: "payments_webhook_oldest_due_age_seconds",
    help: "For how long the oldest webhook has been due, retries of receivers that fail left out: what grows here is ours. Every instance reports the same: use max.",
    labels: {},
  }),
} as const;
