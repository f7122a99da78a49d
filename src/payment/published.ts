import type { Currency } from "./currency.ts";
import type { RailName } from "./events.ts";
import type { Origin } from "./origin.ts";
import type { PaymentStamps } from "./stamps.ts";
import type { FailureCode } from "./state.ts";

/** Records that Kafka has, each told of once, by whoever noted it. */
export interface Published {
  readonly records: number;
  /** Those of them that ended a payment. */
  readonly outcomes: readonly PublishedOutcome[];
}

export interface PublishedOutcome {
  readonly paymentId: string;
  readonly generation: number;
  readonly kind: "completed" | "failed";
  /** Of a failure. */
  readonly code: FailureCode | null;
  /** The payment as it ended; null where a later generation has begun since. */
  readonly payment: EndedPayment | null;
}

export interface EndedPayment {
  readonly platformId: string;
  readonly taskId: string;
  readonly workerId: string;
  readonly origin: Origin;
  readonly rail: RailName | null;
  readonly txHash: string | null;
  readonly traceparent: string | null;
  /** Those that did not pay. */
  readonly tries: number;
  /** What the worker got, and the fee, in whole units and for the eye: the ledger has them to the micro-unit. */
  readonly paid: {
    readonly currency: Currency;
    readonly net: number;
    readonly fee: number;
  } | null;
  readonly stamps: PaymentStamps;
}
