import { PROBLEM_CODES } from "../../http/problems.ts";
import { counter, gauge, histogram } from "../definition.ts";
import { HTTP_STATUSES, NOTIFICATION_OUTCOMES } from "./labels.ts";

/** Few, for every route has them: reading takes some ms, a commit some tens, and a second is noticed by whoever waits. */
const REQUEST_SECONDS = [0.025, 0.1, 0.25, 1, 5];

export const httpMetrics = {
  httpRequests: counter({
    name: "payments_http_requests_total",
    help: "Requests to the API, by the route's pattern (other: none of the API's own) and how they were answered; gone: the caller left before.",
    labels: { method: null, route: null, status: HTTP_STATUSES },
  }),
  httpDuration: histogram({
    name: "payments_http_request_duration_seconds",
    help: "From a request's head to its answer's last byte, but for callers who asked to wait (Prefer) or left.",
    labels: { method: null, route: null },
    buckets: REQUEST_SECONDS,
  }),
  httpInFlight: gauge({
    name: "payments_http_requests_in_flight",
    help: "Requests that are being answered, those that wait included.",
    labels: {},
  }),
  httpProblems: counter({
    name: "payments_http_problems_total",
    help: "Requests that ended in a problem, by its code: rate_limited, overloaded, signature_invalid and so on.",
    labels: { code: PROBLEM_CODES },
  }),
  circleNotifications: counter({
    name: "payments_circle_notifications_total",
    help: "Notifications that say they are Circle's, by what became of them; forged and unknown_key were refused.",
    labels: { outcome: NOTIFICATION_OUTCOMES },
  }),
  circleHints: counter({
    name: "payments_circle_hints_total",
    help: "Notifications that had Circle asked about its transactions at once, by whoever sends.",
    labels: {},
  }),
} as const;
