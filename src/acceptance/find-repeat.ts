import type { LetterCode } from "../payment/letter-codes.ts";
import { firstDifference, payloadHashOf, type Identity } from "../payment/sameness.ts";
import type { Failure, PaymentState } from "../payment/state.ts";
import type { Candidate, Objection } from "./check-submission.ts";

export interface KnownPayment extends Identity {
  readonly paymentId: string;
  readonly generation: number;
  readonly state: PaymentState;
  readonly failure: Failure | null;
}

export interface KnownEvent {
  /** Hex. */
  readonly payloadHash: string;
  readonly paymentId: string;
}

/** What has been accepted already, the earlier submissions of the same batch included. */
export interface Known {
  event(platformId: string, eventId: string): KnownEvent | undefined;
  payment(paymentId: string): KnownPayment | undefined;
  paymentOfKey(platformId: string, idempotencyKey: string): KnownPayment | undefined;
}

export type Repeat =
  | { readonly kind: "first" }
  | {
      readonly kind: "duplicate";
      readonly payment: KnownPayment;
      /** Whether this very event id is kept already. */
      readonly eventKnown: boolean;
    }
  | {
      readonly kind: "conflict";
      readonly payment: KnownPayment | undefined;
      readonly objection: Objection;
    };

/**
 * The identity rules: the event id first, then the task, then the key. A repeat is the same only if every field agrees;
 * otherwise it is a conflict that names the field, and never a payment or a failure of one.
 */
export function findRepeat(candidate: Candidate, known: Known): Repeat {
  const event = known.event(candidate.platformId, candidate.eventId);
  if (event) return judgeEvent(candidate, event, known.payment(event.paymentId));

  const ofTask = known.payment(candidate.paymentId);
  if (ofTask) {
    const field = firstDifference(candidate, ofTask);
    if (field === undefined) return { kind: "duplicate", payment: ofTask, eventKnown: false };
    return ofTask.idempotencyKey === candidate.idempotencyKey
      ? conflict("idempotency_key_conflict", field, ofTask)
      : conflict("task_has_payment", field, ofTask);
  }
  const ofKey = known.paymentOfKey(candidate.platformId, candidate.idempotencyKey);
  if (ofKey) return conflict("idempotency_key_conflict", "taskId", ofKey);
  return { kind: "first" };
}

/** The payment's terms may have changed since (a replay): what counts is what this event id said the first time. */
function judgeEvent(
  candidate: Candidate,
  event: KnownEvent,
  payment: KnownPayment | undefined,
): Repeat {
  if (payment && event.payloadHash === payloadHashOf(candidate).toString("hex")) {
    return { kind: "duplicate", payment, eventKnown: true };
  }
  const field = payment && firstDifference(candidate, payment);
  return conflict("event_id_conflict", field ?? "eventId", payment);
}

const REASONS = {
  event_id_conflict: "An event with this id was accepted before",
  idempotency_key_conflict: "A payment with this idempotency key exists",
  task_has_payment: "This task has a payment under another idempotency key",
} as const satisfies Partial<Record<LetterCode, string>>;

function conflict(
  code: keyof typeof REASONS,
  field: string,
  payment: KnownPayment | undefined,
): Repeat {
  const message = `${REASONS[code]}, and ${field} differs; nothing was paid. Send the same content again, or use a new id for another task.`;
  return { kind: "conflict", payment, objection: { code, message, field } };
}
