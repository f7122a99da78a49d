import { ROOT_CONTEXT, SpanKind, TraceFlags, trace, type Context } from "@opentelemetry/api";
import { SamplingDecision, type Sampler } from "@opentelemetry/sdk-trace";
import { readTraceparent, writeTraceparent, type TraceContext } from "../payment/traceparent.ts";
import { paymentSpanId, traceIdOfUuid } from "./span-ids.ts";
import type { TracedPayment } from "./tracing.ts";

/** Where a payment's generation stands in its trace. */
export interface PaymentContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: it is the root. */
  readonly parent: TraceContext | undefined;
  readonly isRecorded: boolean;
}

export interface Contexts {
  begin(paymentId: string): string;
  /** Undefined where the payment has no trace. */
  of(payment: TracedPayment): PaymentContext | undefined;
}

/** Decides by the sampler, which answers the same for the same trace: so every process decides alike. */
export function createContexts(sampler: Sampler): Contexts {
  return {
    begin(paymentId) {
      const traceId = traceIdOfUuid(paymentId);
      const isSampled = isRecorded(sampler, ROOT_CONTEXT, traceId);
      return writeTraceparent({ traceId, spanId: paymentSpanId(paymentId, 1), isSampled });
    },
    of({ paymentId, generation, traceparent }) {
      const stored = readTraceparent(traceparent);
      if (!stored) return undefined;
      const { traceId } = stored;
      const spanId = paymentSpanId(paymentId, generation);
      const isOwn = stored.spanId === spanId || stored.spanId === paymentSpanId(paymentId, 1);
      return {
        traceId,
        spanId,
        parent: stored.spanId === spanId ? undefined : stored,
        // A trace that began here, or a record that carries our span, says what was decided then.
        isRecorded: isOwn ? stored.isSampled : isRecorded(sampler, remoteContext(stored), traceId),
      };
    },
  };
}

/** A span that was started elsewhere, or earlier, as the parent of one that starts now. */
export function remoteContext({ traceId, spanId, isSampled }: TraceContext): Context {
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function isRecorded(sampler: Sampler, parent: Context, traceId: string): boolean {
  const asked = sampler.shouldSample(parent, traceId, "process", SpanKind.CONSUMER, {}, []);
  return asked.decision === SamplingDecision.RECORD_AND_SAMPLED;
}
