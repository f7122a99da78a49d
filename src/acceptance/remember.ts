import type { Candidate } from "./check-submission.ts";
import type { Known, KnownEvent, KnownPayment } from "./find-repeat.ts";
import type { KnownRows } from "./read-known.ts";
import { payloadHashOf } from "../payment/sameness.ts";

/** What is known while a batch is decided: what the database has, and what the batch itself has brought so far. */
export interface Memory extends Known {
  remember(candidate: Candidate, payment: KnownPayment): void;
}

export function startMemory(rows: KnownRows): Memory {
  const events = new Map<string, KnownEvent>();
  const payments = new Map<string, KnownPayment>();
  const keys = new Map<string, KnownPayment>();
  for (const event of rows.events) events.set(pair(event.platformId, event.eventId), event);
  for (const payment of rows.payments) addPayment(payment);

  return {
    event: (platformId, eventId) => events.get(pair(platformId, eventId)),
    payment: (paymentId) => payments.get(paymentId),
    paymentOfKey: (platformId, idempotencyKey) => keys.get(pair(platformId, idempotencyKey)),
    remember(candidate, payment) {
      events.set(pair(candidate.platformId, candidate.eventId), {
        payloadHash: payloadHashOf(candidate).toString("hex"),
        paymentId: payment.paymentId,
      });
      addPayment(payment);
    },
  };

  function addPayment(payment: KnownPayment): void {
    payments.set(payment.paymentId, payment);
    keys.set(pair(payment.platformId, payment.idempotencyKey), payment);
  }
}

/** Ids have no spaces. */
function pair(one: string, other: string): string {
  return `${one} ${other}`;
}
