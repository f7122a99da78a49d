import type { DeliveryStatus } from "./event-types.ts";
import type { TryOutcome } from "./try-outcome.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The wait before each try: the first at once, the last some 46 hours after it. */
const TRY_DELAYS_MS = [
  0,
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
] as const;

export const TRIES = TRY_DELAYS_MS.length;

export interface AfterTry {
  readonly status: DeliveryStatus;
  /** Until the next try; null: there is none. */
  readonly waitMs: number | null;
  /** Tries that are granted on top: one that our own stop broke off is not counted. */
  readonly granted: number;
}

/** What becomes of a delivery after a try that `triesLeft` others may follow. Any answer but 2xx is tried again. Pure. */
export function afterTry(outcome: TryOutcome["kind"], triesLeft: number): AfterTry {
  switch (outcome) {
    case "delivered":
      return { status: "delivered", waitMs: null, granted: 0 };
    case "stopped":
      return { status: "pending", waitMs: 0, granted: 1 };
    case "rejected":
    case "gone":
    case "timeout":
    case "unreachable":
    case "forbidden":
      return triesLeft <= 0
        ? { status: "exhausted", waitMs: null, granted: 0 }
        : { status: "pending", waitMs: waitBefore(triesLeft), granted: 0 };
  }
}

function waitBefore(triesLeft: number): number {
  return TRY_DELAYS_MS[Math.max(1, TRIES - triesLeft)] ?? 24 * HOUR_MS;
}
