import type { TaskCompleted } from "./events.ts";
import type { Origin } from "./origin.ts";
import type { Failure, PaymentState } from "./state.ts";

/** Where a submission came from; a Kafka record keeps its bytes, because a dead letter needs them. */
export type SubmissionSource =
  | {
      readonly kind: "kafka";
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
      readonly timestamp: Date;
      readonly key: Buffer | null;
      readonly value: Buffer | null;
      readonly headers: Readonly<Record<string, readonly Buffer[]>>;
    }
  /** Its caller gets the answer; nothing is kept of a refused one. */
  | { readonly kind: "http" };

/** A `task.completed`, from whichever road, on its way into the one accept commit. */
export interface Submission {
  readonly source: SubmissionSource;
  /** What brought it: the event itself, or an operator's replay. */
  readonly origin: Exclude<Origin, "retry">;
  /** When it came in, as `performance.now()` tells it: how long it was held is what the commit takes off its own clock. */
  readonly receivedAtMs: number;
  readonly decoded:
    | { readonly ok: true; readonly event: TaskCompleted }
    | { readonly ok: false; readonly code: string; readonly message: string };
  readonly bulkId?: string | undefined;
  /** W3C trace context; anything else is dropped. */
  readonly traceparent?: string | undefined;
}

/** A partition's next offset, moved from `expected` (null: no row yet) to `next` in the same commit. */
export interface OffsetMove {
  readonly topic: string;
  readonly partition: number;
  readonly expected: bigint | null;
  readonly next: bigint;
}

/** What became of one submission. */
export type SubmissionResult =
  | {
      /** `new`: this submission made the payment; `duplicate`: it was there, and nothing was done. */
      readonly verdict: "new" | "duplicate";
      readonly paymentId: string;
      readonly generation: number;
      /** As this commit left or found it; an adopted payment goes on to `completed` in the same commit. */
      readonly state: PaymentState;
      readonly failure: Failure | null;
    }
  | {
      /** `conflict`: something already accepted contradicts it; `dead_letter`: it breaks a rule that no retry mends. */
      readonly verdict: "conflict" | "dead_letter";
      readonly code: string;
      readonly message: string;
      /** The field that differs or is wrong, where there is one. */
      readonly field: string | null;
      /** The payment that it contradicts. */
      readonly paymentId: string | null;
      /** Null where nothing is kept: its caller was told. */
      readonly deadLetterId: string | null;
    };

export interface AcceptInput {
  readonly submissions: readonly Submission[];
  readonly offsets: readonly OffsetMove[];
}

export type AcceptOutcome =
  /** Committed; one result per submission, in order. */
  | { readonly kind: "durable"; readonly results: readonly SubmissionResult[] }
  /** Nothing was kept: these partitions' stored offsets (null: no row) are not what was expected. */
  | {
      readonly kind: "offset_conflict";
      readonly partitions: readonly {
        readonly topic: string;
        readonly partition: number;
        readonly stored: bigint | null;
      }[];
    };

/** Commit 1, as its callers see it. */
export type Accept = (input: AcceptInput) => Promise<AcceptOutcome>;
