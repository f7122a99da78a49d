import { z } from "zod";

/** Numbered in the order of commits, kept for a week, and played again from any of them on. */
export const OUTCOME_TYPES = ["payment.completed", "payment.failed"] as const;
/** What a look at the database happens to show: they come without an id, and one may be missing. */
export const HINT_TYPES = [
  "payment.accepted",
  "payment.planned",
  "payment.sent",
  "payment.review",
] as const;
export const LIVE_TYPES = [...OUTCOME_TYPES, ...HINT_TYPES] as const;
export type LiveType = (typeof LIVE_TYPES)[number];

const isoTime = z.date().transform((date) => date.toISOString());

/** One row of `live_events`, or of a look for hints, as the API tells it. */
export const liveRow = z
  .object({
    /** Null: a hint. */
    number: z.bigint().nullable(),
    eventId: z.string().nullable(),
    type: z.enum(LIVE_TYPES),
    at: isoTime,
    paymentId: z.string(),
    generation: z.number(),
    platformId: z.string(),
    workerId: z.string(),
    taskId: z.string(),
    amount: z.string(),
    currency: z.string(),
    fee: z.string().nullable(),
    netAmount: z.string().nullable(),
    txHash: z.string().nullable(),
    latencyMs: z
      .bigint()
      .nullable()
      .transform((ms) => (ms === null ? null : Number(ms))),
    failureCode: z.string().nullable(),
    failureMessage: z.string().nullable(),
    failureRetryable: z.boolean().nullable(),
    doubtReason: z.string().nullable(),
  })
  .transform(({ number, failureCode, failureMessage, failureRetryable, ...told }) => ({
    number,
    told: {
      ...told,
      failure:
        failureCode === null
          ? null
          : {
              code: failureCode,
              message: failureMessage ?? "",
              retryable: failureRetryable ?? false,
            },
    },
  }));

export type LiveEvent = z.output<typeof liveRow>;
