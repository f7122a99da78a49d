import type { PublishedTask } from "../../traffic/ledger.ts";
import { ACKNOWLEDGED, PUBLISHED, STAGES } from "./stages.ts";

/** One payment on its way, as the auditor sees it. */
export interface Journey {
  /** Counted from 1, in the order of publication. */
  readonly number: number;
  readonly task: PublishedTask;
  /** When it passed each stage, in ms since the epoch; null where it has not been seen there. */
  readonly passedAtMs: (number | null)[];
  outcome: "completed" | "failed" | null;
}

export function beginJourney(number: number, task: PublishedTask): Journey {
  const passedAtMs = STAGES.map((_, stage) => (stage === PUBLISHED ? task.occurredAtMs : null));
  return { number, task, passedAtMs, outcome: null };
}

/** The furthest stage it was seen at. */
export function stageOf(journey: Journey): number {
  return journey.passedAtMs.findLastIndex((at) => at !== null);
}

export function endedAtMs(journey: Journey): number | null {
  return journey.passedAtMs[ACKNOWLEDGED] ?? null;
}

/**
 * How long each way from stage to stage took; null until it has been seen at all of them. The auditor may see a block a
 * moment later than the service does: such a stage ends where the one before it ended, and the sum is the whole way.
 */
export function durationsMs(journey: Journey): number[] | null {
  let since = journey.task.occurredAtMs;
  const durations: number[] = [];
  for (const at of journey.passedAtMs.slice(1)) {
    if (at === null) return null;
    durations.push(Math.max(0, at - since));
    since = Math.max(since, at);
  }
  return durations;
}
