import { spansOf } from "../metrics/stage-spans.ts";
import { BUDGETS_MS, type Stage } from "../metrics/stages.ts";
import type { PaymentStamps } from "../payment/stamps.ts";

export interface TimelineStage {
  readonly stage: Stage;
  /** When the stage ended. */
  readonly at: string;
  readonly durationMs: number;
  /** In the mean; null: the wait for a retry or a void has none. */
  readonly budgetMs: number | null;
}

const budgets: Partial<Record<Stage, number>> = BUDGETS_MS;

/** The stages a payment has behind it, as they are measured: contiguous, and summing to its end-to-end time. */
export function timelineOf(stamps: PaymentStamps): TimelineStage[] {
  return spansOf(stamps).map(({ stage, from, to }) => ({
    stage,
    at: to.toISOString(),
    durationMs: to.getTime() - from.getTime(),
    budgetMs: budgets[stage] ?? null,
  }));
}
