/** W3C trace context: a span of a trace, and whether whoever made it has it recorded. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** Version 00; neither id may be of zeros alone. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 0x01;

/** Undefined where it has not the form. */
export function readTraceparent(text: string | null | undefined): TraceContext | undefined {
  const [, traceId, spanId, flags = ""] = TRACEPARENT.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

export function isTraceparent(text: string | undefined): text is string {
  return readTraceparent(text) !== undefined;
}

export function writeTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}
