import { derivedIdempotencyKey, isOpaqueId, paymentIdOf } from "../payment/ids.ts";
import { MAX_MICROS } from "../payment/money.ts";
import type { Identity } from "../payment/sameness.ts";
import type { Submission } from "../payment/submission.ts";

/** A well-formed submission; whether it may be paid is still open. */
export interface Candidate extends Identity {
  readonly paymentId: string;
  readonly eventId: string;
  readonly occurredAt: Date;
}

/** Why something can never become a payment, for whoever sent it. */
export interface Objection {
  readonly code: string;
  /** One sentence: what is wrong and what to do. */
  readonly message: string;
  readonly field: string | null;
}

export type CheckedSubmission =
  | { readonly ok: true; readonly candidate: Candidate }
  | { readonly ok: false; readonly objection: Objection };

const VISIBLE_ID = "must be 1 to 128 visible ASCII characters; correct it and send a new event.";
/** Longer names than any token has; the currency goes into the event of a failure as it came. */
const CURRENCY = /^[\x21-\x7e]{1,16}$/;
/** What every writing of a time agrees on; Postgres does not take "+010000-01-01". */
const TIME_MIN = new Date("0001-01-01T00:00:00.000Z");
const TIME_MAX = new Date("9999-12-31T23:59:59.999Z");

/** The rules that need no database: what breaks them is a dead letter, since no retry mends it. */
export function checkSubmission({ decoded }: Pick<Submission, "decoded">): CheckedSubmission {
  if (!decoded.ok) return refused(null, decoded.code, decoded.message);
  const { event } = decoded;
  for (const field of ["platformId", "taskId", "workerId", "eventId"] as const) {
    if (!isOpaqueId(event[field])) return refused(field, "id_invalid", `${field} ${VISIBLE_ID}`);
  }
  if (event.idempotencyKey !== null && !isOpaqueId(event.idempotencyKey)) {
    return refused("idempotencyKey", "id_invalid", `idempotencyKey ${VISIBLE_ID}`);
  }
  if (event.amount <= 0n || event.amount > MAX_MICROS) {
    const rule = "must be above 0 and have at most 14 digits before the point";
    return refused("amount", "amount_invalid", `amount ${rule}; send a new event with it.`);
  }
  if (!CURRENCY.test(event.currency)) {
    const rule = "must be 1 to 16 visible ASCII characters, such as USDC";
    return refused("currency", "currency_invalid", `currency ${rule}; send a new event with it.`);
  }
  if (!isWritableTime(event.occurredAt)) {
    return refused(
      "occurredAt",
      "time_invalid",
      "occurredAt must be in the years 1 to 9999; send a new event with it.",
    );
  }
  const { platformId, taskId, workerId, amount, currency, eventId, occurredAt } = event;
  const idempotencyKey = event.idempotencyKey ?? derivedIdempotencyKey(taskId, workerId);
  const paymentId = paymentIdOf(platformId, taskId);
  const identity = { platformId, taskId, workerId, amount, currency, idempotencyKey };
  return { ok: true, candidate: { ...identity, paymentId, eventId, occurredAt } };
}

/** Written so that an invalid date, which compares with nothing, is refused too. */
export function isWritableTime(time: Date): boolean {
  return time >= TIME_MIN && time <= TIME_MAX;
}

function refused(field: string | null, code: string, message: string): CheckedSubmission {
  return { ok: false, objection: { code, message, field } };
}
