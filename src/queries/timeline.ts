/** When a payment passed each place; null where it has not been, or where its road did not lead. */
export interface PaymentStamps {
  readonly occurredAt: Date;
  readonly receivedAt: Date;
  readonly acceptedAt: Date;
  readonly sentAt: Date | null;
  readonly followedAt: Date | null;
  readonly settledAt: Date | null;
}

export interface TimelineStage {
  readonly stage: string;
  /** When the stage ended. */
  readonly at: string;
  readonly durationMs: number;
  readonly budgetMs: number;
}

/**
 * Mean budgets; with 50 ms for the relay and 450 ms of slack they sum to the 3 seconds. The relay is not in a
 * payment's own row: it comes after the commit that settles.
 */
const BUDGETS_MS = {
  ingest_wait: 50,
  accept: 150,
  dispatch_wait: 150,
  chain: 2_000,
  settle: 150,
} as const;

/** The stages a payment has behind it, contiguous: their durations sum to settlement minus occurrence. */
export function timelineOf(stamps: PaymentStamps): TimelineStage[] {
  const ends: readonly (readonly [keyof typeof BUDGETS_MS, Date | null])[] = [
    ["ingest_wait", stamps.receivedAt],
    ["accept", stamps.acceptedAt],
    ["dispatch_wait", stamps.sentAt],
    ["chain", stamps.followedAt],
    ["settle", stamps.settledAt],
  ];
  const timeline: TimelineStage[] = [];
  let since = stamps.occurredAt;
  for (const [stage, end] of ends) {
    if (!end) continue;
    timeline.push({
      stage,
      at: end.toISOString(),
      durationMs: end.getTime() - since.getTime(),
      budgetMs: BUDGETS_MS[stage],
    });
    since = end;
  }
  return timeline;
}
