import type { Micros } from "./money.ts";
import type { PaidLog, RefusedLog, SkippedLog, VoidedLog } from "./pay-once-log.ts";
import type { RefusalCause } from "./refusal.ts";
import type { Failure, Intent, PaymentState } from "./state.ts";

export interface Terms {
  readonly payer: string;
  readonly token: string;
  readonly recipient: string;
  /** Net: what the worker gets. */
  readonly amount: Micros;
}

/** A payment, as far as evidence about it is concerned. */
export interface PaymentFacts {
  readonly state: PaymentState;
  readonly generation: number;
  readonly intent: Intent | null;
  readonly tries: number;
  /** Gross, as the task has it: no Paid of this payment may exceed it. */
  readonly amount: Micros;
  /** Of this generation; null while nothing is planned. */
  readonly terms: Terms | null;
  /** Of every generation that was ever sent. */
  readonly termsByGeneration: ReadonlyMap<number, Terms>;
  /** Terminal events already decided, by generation. */
  readonly outcomes: ReadonlyMap<number, "completed" | "failed">;
  readonly completedBy: { readonly txHash: string; readonly logIndex: number } | null;
  /** What a void in progress, or wished for, will fail with. */
  readonly failure: Failure | null;
  readonly doubtReason: string | null;
  /** A restore was noticed and is not confirmed: what only a restore could explain waits for the operator's word. */
  readonly isRestoring: boolean;
  /** Older than a confirmed restore: the chain's terms are what happened, whatever ours say. */
  readonly beforeRestore: boolean;
  /** The token of the payment's currency on this chain; null for a currency that has none. */
  readonly currencyToken: string | null;
}

export interface PlacedPaid {
  readonly log: PaidLog;
  readonly blockNumber: bigint;
}

/** Where on chain the log stands that completes a payment. */
export interface PaymentProof {
  readonly log: { readonly txHash: string; readonly logIndex: number };
  readonly blockNumber: bigint;
}

/** A log of our instance about this payment, with what is known around it. */
export type Evidence =
  | { readonly kind: "paid"; readonly paid: PlacedPaid }
  | {
      readonly kind: "refused";
      readonly log: RefusedLog;
      /** Whether the send that the payment now travels in brought it. */
      readonly carried: boolean;
      readonly cause: RefusalCause;
    }
  | {
      readonly kind: "skipped";
      readonly log: SkippedLog;
      /** The stored Paid of this ref, of any generation. */
      readonly paid: PlacedPaid | null;
      /** The stored Voided that closed this generation; null: the Skipped itself is the proof. */
      readonly voidTxHash: string | null;
    }
  | { readonly kind: "voided"; readonly log: VoidedLog };

export type DoubtReason =
  | "paid_after_failed"
  | "paid_without_transfer"
  | "paid_contradicts_terms"
  | "paid_log_not_found"
  | "voided_after_completed"
  | TransferContradiction;

/** What Circle and the chain say of a plain transfer does not agree. */
export type TransferContradiction =
  | "transfer_without_log"
  | "transfer_contradicts_terms"
  | "transfer_proves_another"
  | "transfer_despite_end";

/** A plain transfer that nobody can prove or exclude: no alarm, but no event either. */
export type UnprovenReason =
  | "before_restore"
  | "announced_unproven"
  | "transfer_unanswered"
  | "transfer_unsearchable";
export type BrokenInvariant = "paid_twice" | "voided_after_paid" | "paid_though_failed";

/** What becomes of the payment. */
export type Verdict =
  | {
      readonly kind: "complete";
      readonly generation: number;
      readonly terms: Terms;
      readonly paid: PaymentProof;
      /** Its event exists already (adopted from our own topic after a restore). */
      readonly announced: boolean;
      /** `payment.failed` of the generation that was paid had been decided: completed all the same, and an alarm. */
      readonly broken: BrokenInvariant | null;
    }
  | {
      readonly kind: "fail";
      readonly failure: Failure;
      /** Null: a plain transfer, which has no void. */
      readonly voidTxHash: string | null;
      /** Where the last try is used up by this very verdict. */
      readonly tries?: number;
      readonly announced: boolean;
    }
  | { readonly kind: "retry"; readonly tries: number; readonly delayMs: number }
  | { readonly kind: "wait"; readonly delayMs: number; readonly why: string }
  | { readonly kind: "void"; readonly tries: number; readonly failure: Failure }
  /** Review and alarm; `intent` is what goes on being sent. */
  | { readonly kind: "doubt"; readonly reason: DoubtReason; readonly intent: Intent | null }
  /** Review without an alarm; it goes on being looked at. */
  | { readonly kind: "unproven"; readonly reason: UnprovenReason }
  | { readonly kind: "alarm"; readonly broken: BrokenInvariant }
  | { readonly kind: "ignore"; readonly why: string };

/** The first try and one more after each delay. */
export interface RetryPolicy {
  readonly delaysMs: readonly number[];
}
