/** W3C trace context, version 00: a trace and a span of it, neither of zeros alone. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The trace that a `traceparent` names; undefined where it has not the form. */
export function traceIdOf(traceparent: string | null): string | undefined {
  return TRACEPARENT.exec(traceparent ?? "")?.[1];
}
