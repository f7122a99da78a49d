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
