import { PAYMENT_STATES } from "../../payment/state.ts";

/** How a payment ended: paid, a definite business no, or a payment that should have gone through and did not. */
export const OUTCOMES = ["completed", "rejected", "failed"] as const;
/** States that are not the end. */
export const OPEN_STATES = PAYMENT_STATES.filter(
  (state) => state !== "completed" && state !== "failed",
);
/** Why a payment stands still without being in doubt. */
export const HOLDS = ["funds", "pause", "restore"] as const;
/** Of lines that somebody should read. */
export const LOG_LEVELS = ["warn", "error", "fatal"] as const;
export const RESULTS = ["ok", "error"] as const;
/** What gathers figures beside the line, each at its own pace. */
export const SAMPLERS = ["database", "chain", "kafka"] as const;
export const BATCHES = ["accept", "dispatch", "settle", "relay"] as const;
export const TRY_OUTCOMES = [
  "delivered",
  "rejected",
  "gone",
  "timeout",
  "unreachable",
  "forbidden",
  "stopped",
] as const;
export const WEBHOOK_ENDPOINT_STATES = ["receiving", "failing", "disabled"] as const;
/** What became of a notification that says it is Circle's. */
export const NOTIFICATION_OUTCOMES = [
  "accepted",
  "duplicate",
  "test",
  "forged",
  "unknown_key",
] as const;
/** How a request was answered; gone: its caller left before the answer was out. */
export const HTTP_STATUSES = ["2xx", "4xx", "5xx", "gone"] as const;
/** Why somebody's stream of live events ended; `left`: by itself, or since the service stopped. */
export const LIVE_ENDS = ["left", "slow", "key", "failed"] as const;
