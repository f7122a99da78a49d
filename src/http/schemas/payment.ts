import { z } from "zod";
import { CURRENCIES } from "../../payment/currency.ts";
import { FAILURE_CODES, PAYMENT_STATES } from "../../payment/state.ts";
import { amount, generation, time } from "./primitives.ts";

export const paymentState = z.enum(PAYMENT_STATES).meta({
  id: "PaymentState",
  description:
    "`accepted`: waits for its task or worker; `planned`: on its way; `voiding`: being closed on chain, then failed; `review`: in doubt, do not pay again; `completed`: the worker has the money; `failed`: money did not and will not move.",
});

export const failure = z
  .object({
    code: z.string().meta({ description: `One of ${FAILURE_CODES.join(", ")}` }),
    message: z.string().meta({ description: "What happened and what to do, in one sentence" }),
    retryable: z
      .boolean()
      .meta({ description: "Whether an operator's retry can succeed once the cause is mended" }),
  })
  .meta({ id: "Failure" });

const doubt = z
  .object({
    since: time,
    reason: z.string(),
    lastCheckedAt: time.nullable(),
    reviewAt: time.nullable(),
  })
  .meta({ id: "Doubt", description: "Why nobody knows yet whether the money moved" });

const members = {
  id: z.guid().meta({ example: "5a1c2f0e-8a54-4e0b-9d53-0c7f5f7a0b11" }),
  state: paymentState,
  generation,
  platformId: z.string(),
  workerId: z.string(),
  taskId: z.string(),
  bulkId: z.guid().nullable(),
  sourceEventId: z.string().meta({ description: "The event that made it" }),
  idempotencyKey: z.string(),
  amount,
  fee: amount.nullable().meta({ description: "Null until it is planned" }),
  netAmount: amount.nullable().meta({ description: "What the worker gets: amount less fee" }),
  currency: z.string().meta({ example: CURRENCIES[0] }),
  rail: z.enum(["circle", "arc"]).nullable(),
  chainId: z.int().nullable(),
  txHash: z.string().nullable().meta({ description: "The transaction that paid it" }),
  blockNumber: z.int().nullable(),
  circleTransactionId: z.string().nullable(),
  explorerUrl: z.string().nullable(),
  failure: failure.nullable(),
  doubt: doubt.nullable(),
  nextAttemptAt: time.nullable(),
  occurredAt: time,
  acceptedAt: time,
  completedAt: time.nullable(),
  latencyMs: z
    .number()
    .nullable()
    .meta({ description: "From `occurredAt` to settlement; null unless completed" }),
};

export const payment = z.object(members).meta({ id: "Payment" });

const attempt = z
  .object({
    n: z.int(),
    kind: z.enum(["pay", "void"]),
    outcome: z
      .string()
      .meta({ description: "open, paid, refused, skipped, voided, reverted, dead or abandoned" }),
    errorCode: z.string().nullable(),
    detail: z.string().nullable(),
    txHash: z.string().nullable(),
    at: time,
  })
  .meta({ id: "Attempt", description: "One send that carried the payment" });

const stage = z
  .object({
    stage: z.string(),
    at: time.meta({ description: "When the stage ended" }),
    durationMs: z.number(),
    budgetMs: z
      .number()
      .nullable()
      .meta({ description: "In the mean; null: the wait for a retry or a void has none" }),
  })
  .meta({ id: "TimelineStage" });

export const paymentDetail = z
  .object({
    ...members,
    attempts: z.array(attempt),
    timeline: z.array(stage),
    traceId: z.string().nullable().meta({ description: "Its W3C trace, where it has one" }),
  })
  .meta({ id: "PaymentDetail" });

/** One that is in doubt, with what a person may do. */
export const review = z
  .object({
    ...members,
    intent: z.enum(["pay", "void"]).nullable().meta({
      description: "What goes on being sent for it; null: its evidence contradicts this service",
    }),
    doubtCode: z.string().meta({ description: "What kind of doubt it is" }),
    advice: z.string().meta({ description: "What it is and what to do, in one sentence" }),
  })
  .meta({ id: "Review" });
