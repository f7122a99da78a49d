import type { Published } from "../payment/published.ts";
import { readTraceparent } from "../payment/traceparent.ts";

/** A payment's generation, with the context that is stored with the payment: its event's or its own. */
export interface TracedPayment {
  readonly paymentId: string;
  readonly generation: number;
  readonly traceparent: string | null;
}

interface Stretch {
  /** By this process's clock. */
  readonly startedAt: Date;
  /** What was met, of a closed set; absent: nothing. */
  readonly errorType?: string | undefined;
}

/** Work on many payments at once; told of when it is done. It ends now. */
export type BatchSpan = Stretch & {
  readonly payments: readonly TracedPayment[];
} & (
    | { readonly name: "accept" | "settle" | "publish" }
    | { readonly name: "dispatch"; readonly send: SendNames }
  );

/** A call that hands a send to Circle or a node. */
export interface SubmitSpan extends Stretch {
  readonly send: SendNames;
}

interface SendNames {
  readonly id: string;
  readonly rail: string;
  readonly kind: "pay" | "void";
}

/**
 * What the line tells of each payment's way through it. One trace is one payment; batches are traces of their own that
 * link to it. Nothing here throws, waits, or holds more than a bounded queue.
 */
export interface Tracing {
  /** The context that a new payment is stored with whose event brought none; null: it has none. */
  begin(paymentId: string): string | null;
  /** The context that a payment's outgoing record carries: that of its own span where it is recorded, else what came in. */
  onward(payment: TracedPayment): string | null;
  /** The trace that a figure may lead to; undefined where nobody records it. */
  recordedTrace(payment: TracedPayment): string | undefined;
  batch(span: BatchSpan): void;
  submit(span: SubmitSpan): void;
  /** Payments have ended: their spans are made of the stamps that are stored with them, whichever process set those. */
  ended(published: Published): void;
  /** Sends what is queued, waits no longer than this, and records nothing more. */
  stop(timeoutMs: number): Promise<void>;
}

/** Where nobody collects traces: the producer's context goes through as it came. */
export const untraced: Tracing = {
  begin: () => null,
  onward: ({ traceparent }) => traceparent,
  recordedTrace({ traceparent }) {
    const came = readTraceparent(traceparent);
    return came?.isSampled ? came.traceId : undefined;
  },
  batch: () => undefined,
  submit: () => undefined,
  ended: () => undefined,
  stop: async () => undefined,
};
