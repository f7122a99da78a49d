import type { ChainBreak } from "./chain-model.ts";
import type { ScheduleResult } from "./run-schedule.ts";

/** One schedule to run; a plan, as it travels between processes. */
export interface Order {
  readonly seed: number;
  readonly steps: readonly number[];
  readonly breaks: readonly ChainBreak[];
  /** Whether its story is wanted. */
  readonly isTold: boolean;
}

export interface Report {
  readonly result: ScheduleResult;
  readonly story: readonly string[];
}

/** Of a schedule that ended before it could be judged. */
export function unjudged(seed: number, violation: string): ScheduleResult {
  const nothing = { crashes: 0, faults: 0, restores: 0, recoveryMs: 0, operations: 0, payments: 0 };
  const counts = { paidTwice: 0, lost: 0, contradicting: 0, failedButPaid: 0 };
  return { seed, ...nothing, ...counts, violations: [violation] };
}
