import { HOLDS, OPEN_STATES } from "../metrics/catalogue/labels.ts";
import type { OpenPayments } from "./read-open-payments.ts";

export interface OpenTotal {
  readonly count: number;
  /** 0 where there is none. */
  readonly oldestAgeSeconds: number;
}

/** What should be moving, by state, and what is held, by reason; every state and reason is there. */
export function openTotals(open: readonly OpenPayments[]) {
  return {
    moving: OPEN_STATES.map((state) => ({
      state,
      ...totalOf(open.filter((each) => each.hold === null && each.state === state)),
    })),
    held: HOLDS.map((reason) => ({
      reason,
      ...totalOf(open.filter(({ hold }) => hold === reason)),
    })),
  };
}

function totalOf(alike: readonly OpenTotal[]): OpenTotal {
  return {
    count: alike.reduce((sum, { count }) => sum + count, 0),
    oldestAgeSeconds: Math.max(0, ...alike.map(({ oldestAgeSeconds }) => oldestAgeSeconds)),
  };
}
