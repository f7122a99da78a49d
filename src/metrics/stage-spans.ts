import type { PaymentStamps } from "../payment/stamps.ts";
import type { Stage } from "./stages.ts";

/** A stretch of a payment's time; the next one begins where it ends. */
export interface StageSpan {
  readonly stage: Stage;
  readonly from: Date;
  readonly to: Date;
}

/** Told only where they happened. */
const OCCASIONAL: ReadonlySet<Stage> = new Set(["retry_wait", "void_wait"]);

/**
 * The stages that a payment has behind it, contiguous and never negative, from where its clock was set going. What no
 * stamp parts counts to the stage that follows. A send that was made again makes `retry_wait` come twice at most: before
 * the payment was planned, and between its first send and its last.
 */
export function spansOf(stamps: PaymentStamps): readonly StageSpan[] {
  const latest = stamps.settledAt?.getTime() ?? Infinity;
  const spans: StageSpan[] = [];
  let sinceMs = startOf(stamps);
  for (const [stage, end] of endsOf(stamps)) {
    if (!end) continue;
    // Nothing that decides a payment comes after its settlement, whatever a hint that came late says.
    const capMs = stage === "relay" ? Infinity : latest;
    const endMs = Math.max(sinceMs, Math.min(end.getTime(), capMs));
    if (endMs > sinceMs || !OCCASIONAL.has(stage)) {
      spans.push({ stage, from: new Date(sinceMs), to: new Date(endMs) });
    }
    sinceMs = endMs;
  }
  return spans;
}

/** An event from our future has begun when it came. */
function startOf({ startedAt, occurredAt, receivedAt }: PaymentStamps): number {
  return startedAt?.getTime() ?? Math.min(occurredAt.getTime(), receivedAt.getTime());
}

function endsOf(stamps: PaymentStamps): readonly (readonly [Stage, Date | null])[] {
  const { plannedAt, firstSentAt, sentAt, voidWantedAt, followedAt, settledAt } = stamps;
  // Until a void was wanted it was to be paid; what was sent, or answered, later is the void's.
  const whilePaying = (at: Date | null) => (at && voidWantedAt ? earlier(at, voidWantedAt) : at);
  // What was never planned, and for which the chain said nothing, waited for its task or worker to the end.
  const isGivenUp = !plannedAt && !followedAt;
  return [
    ["ingest_wait", stamps.receivedAt],
    ["accept", stamps.acceptedAt],
    ["retry_wait", isGivenUp ? settledAt : plannedAt],
    ["dispatch_wait", whilePaying(firstSentAt) ?? voidWantedAt],
    ["retry_wait", whilePaying(sentAt)],
    ["submit", whilePaying(sentAt && stamps.submittedAt)],
    ["chain", sentAt && (voidWantedAt ?? followedAt)],
    ["void_wait", voidWantedAt && followedAt],
    ["follow", stamps.logsReadAt],
    ["settle", isGivenUp ? null : settledAt],
    ["relay", settledAt && stamps.publishedAt],
  ];
}

function earlier(one: Date, other: Date): Date {
  return one < other ? one : other;
}
