import type { Currency } from "./currency.ts";
import type { Micros } from "./money.ts";
import type { FailureCode } from "./state.ts";

/** `task.completed`, decoded and well-formed but not yet checked against the directory. */
export interface TaskCompleted {
  readonly eventId: string;
  readonly occurredAt: Date;
  readonly taskId: string;
  readonly workerId: string;
  readonly platformId: string;
  readonly amount: Micros;
  /** As given: an unknown one fails its payment, it does not break decoding. */
  readonly currency: string;
  readonly idempotencyKey: string | null;
}

export type RailName = "circle" | "arc";

export interface PaymentCompleted {
  readonly eventId: string;
  readonly occurredAt: Date;
  readonly paymentId: string;
  readonly generation: number;
  readonly sourceEventId: string;
  readonly taskId: string;
  readonly workerId: string;
  readonly platformId: string;
  readonly amount: Micros;
  readonly fee: Micros;
  readonly netAmount: Micros;
  readonly currency: Currency;
  readonly rail: RailName;
  readonly chainId: number;
  readonly txHash: string;
  readonly blockNumber: bigint;
  readonly logIndex: number;
  readonly circleTransactionId: string | null;
  readonly attempts: number;
  /** From the task's `occurredAt` to settlement, in ms; the relay's few ms come on top. */
  readonly latencyMs: number;
}

export interface PaymentFailed {
  readonly eventId: string;
  readonly occurredAt: Date;
  readonly paymentId: string;
  readonly generation: number;
  readonly sourceEventId: string;
  readonly taskId: string;
  readonly workerId: string;
  readonly platformId: string;
  readonly amount: Micros;
  readonly currency: string;
  readonly code: FailureCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly attempts: number;
  /** The transaction whose `Voided` log proves that this generation cannot be paid; null if nothing was ever sent. */
  readonly voidTxHash: string | null;
}
