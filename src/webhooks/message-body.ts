import type { AnnouncedOutcome } from "../kafka/decode-outcome.ts";
import { formatMicros } from "../payment/money.ts";
import { TEST_TYPE } from "./event-types.ts";

/**
 * The event as Kafka has it, in JSON: what was true when it was decided, whatever has become of the payment since. Made
 * once and stored, because a signature is over bytes.
 */
export function messageBody({ kind, event }: AnnouncedOutcome): string {
  const data = Object.fromEntries(
    Object.entries(event).map(([name, value]) => [name, told(value)]),
  );
  return bodyOf(`payment.${kind}`, event.occurredAt, data);
}

/** Of a test: nothing happened. */
export function testBody(endpointId: string, at: Date): string {
  return bodyOf(TEST_TYPE, at, { endpointId });
}

function bodyOf(type: string, at: Date, data: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ type, timestamp: at.toISOString(), data });
}

/** In Avro's events a bigint is money, always. */
function told(value: unknown): unknown {
  if (typeof value === "bigint") return formatMicros(value);
  return value instanceof Date ? value.toISOString() : value;
}
