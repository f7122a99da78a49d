import { createHash } from "node:crypto";
import type { IdGenerator } from "@opentelemetry/sdk-trace";

/**
 * The span of a payment's generation: known before it is recorded, so that the outgoing record, written at settlement,
 * names the span that the relay records later, be it another process, and recorded twice it is the same span.
 */
export function paymentSpanId(paymentId: string, generation: number): string {
  const digest = createHash("sha256").update(`${paymentId}:${generation}`).digest("hex");
  return digest.slice(0, 16);
}

/** A trace that begins here has the id of what it is about. */
export function traceIdOfUuid(uuid: string): string {
  return uuid.replaceAll("-", "");
}

/** A send's span; its id's second half is as random as any. */
export function sendSpanId(sendId: string): string {
  return traceIdOfUuid(sendId).slice(16);
}

export interface Ids {
  readonly traceId: string;
  readonly spanId: string;
}

/** The tracer asks its generator for ids: the next span gets these, if `preset` said so, and random ones otherwise. */
export function presetIds(
  random: IdGenerator,
): IdGenerator & { preset<T>(ids: Ids, start: () => T): T } {
  let next: Ids | undefined;
  return {
    generateTraceId: () => next?.traceId ?? random.generateTraceId(),
    generateSpanId: () => next?.spanId ?? random.generateSpanId(),
    preset(ids, start) {
      next = ids;
      try {
        return start();
      } finally {
        next = undefined;
      }
    },
  };
}
