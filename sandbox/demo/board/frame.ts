/** All that the page shows at one moment. Each frame stands for itself: a page that missed some, or came late, is right with the next. */
export interface Frame {
  readonly atMs: number;
  readonly figures: Figures;
  readonly service: ServiceState;
  readonly stages: readonly StageFigures[];
  readonly dots: readonly Dot[];
  /** How many payments in flight are too many to be drawn. */
  readonly undrawn: number;
  readonly bars: readonly Bar[];
  readonly outages: readonly Outage[];
  /** What happened last, oldest first. */
  readonly story: readonly string[];
  /** What may be asked of the demo, by its key; none where it needs nobody. */
  readonly keys: readonly { readonly key: string; readonly does: string }[];
  readonly audit: AuditFigures | null;
}

export interface Figures {
  readonly published: number;
  /** With a `payment.completed`. */
  readonly paid: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly overThreeSeconds: number;
  /** Records of `task.completed` that are not taken in yet; null until it has been asked. */
  readonly kafkaLag: number | null;
}

export type ServiceState =
  | { readonly kind: "up" }
  | {
      readonly kind: "dead" | "starting";
      readonly sinceMs: number;
      /** In flight when it died. */
      readonly frozen: number;
      /** Of those in flight: already paid on the chain, which did not die. */
      readonly paidMeanwhile: number;
    };

export interface StageFigures {
  readonly name: string;
  readonly source: string;
  /** Drawn there now. */
  readonly here: number;
  /** What the way to it took in the mean, over the last ten seconds in which payments ended. */
  readonly meanMs: number | null;
  readonly budgetMs: number | null;
}

/** A payment's number, its stage, and whether it is late (1), has failed (2) or neither (0). */
export type Dot = readonly [number: number, stage: number, mark: 0 | 1 | 2];

export interface Bar {
  /** Since the epoch. */
  readonly second: number;
  readonly count: number;
  readonly meansMs: readonly number[];
  readonly slowestMs: number;
}

export interface Outage {
  readonly fromMs: number;
  readonly toMs: number | null;
}

export interface AuditFigures {
  readonly balanced: boolean;
  readonly rows: readonly { readonly name: string; readonly value: string }[];
  /** The first of them, where it does not balance. */
  readonly offenders: readonly string[];
}
