import type { EndedPayment, Published, PublishedOutcome } from "../../src/payment/published.ts";
import type { PaymentStamps } from "../../src/payment/stamps.ts";

const START_MS = Date.parse("2026-11-26T12:00:00Z");
const at = (ms: number) => new Date(START_MS + ms);

/** A payment that passed every place once, in 1,500 ms. */
const STAMPS: PaymentStamps = {
  occurredAt: at(0),
  startedAt: null,
  receivedAt: at(20),
  acceptedAt: at(50),
  plannedAt: at(50),
  firstSentAt: at(100),
  sentAt: at(100),
  submittedAt: at(300),
  voidWantedAt: null,
  followedAt: at(1_300),
  logsReadAt: at(1_320),
  settledAt: at(1_400),
  publishedAt: at(1_500),
};

const PAYMENT: EndedPayment = {
  platformId: "ride",
  taskId: "task-1",
  workerId: "ada",
  origin: "live",
  rail: "arc",
  txHash: "0xab",
  traceparent: null,
  tries: 0,
  paid: { currency: "USDC", net: 1, fee: 0 },
  stamps: STAMPS,
};

export const PAYMENT_ID = "0f9a1c55-3d2e-5f70-8a91-b2c3d4e5f607";

/** What the relay tells of one payment's end; paid unless told otherwise. */
export function publishedOf(
  outcome: Partial<PublishedOutcome>,
  payment: Partial<EndedPayment> = {},
): Published {
  const whole: PublishedOutcome = {
    paymentId: PAYMENT_ID,
    generation: 1,
    kind: "completed",
    code: null,
    payment: { ...PAYMENT, ...payment },
    ...outcome,
  };
  return { records: 1, outcomes: [whole] };
}
