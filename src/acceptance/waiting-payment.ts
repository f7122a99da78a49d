import { sql } from "slonik";
import { z } from "zod";
import { parseMicros } from "../payment/money.ts";
import { PAYMENT_STATES } from "../payment/state.ts";

/** A stored payment, as far as planning it anew is concerned. */
export const waitingRow = z.object({
  paymentId: z.string(),
  platformId: z.string(),
  taskId: z.string(),
  workerId: z.string(),
  amount: z.string().transform((text) => parseMicros(text) ?? 0n),
  currency: z.string(),
  sourceEventId: z.string(),
  state: z.enum(PAYMENT_STATES),
  generation: z.number(),
  tries: z.number(),
  traceparent: z.string().nullable(),
  occurredAt: z.date(),
  acceptedAt: z.date(),
});
export type WaitingPayment = z.infer<typeof waitingRow>;

export const waitingColumns = sql.fragment`
  id AS "paymentId", platform_id AS "platformId", task_id AS "taskId", worker_id AS "workerId", amount::text, currency,
  source_event_id AS "sourceEventId", state, generation, tries, traceparent, occurred_at AS "occurredAt",
  accepted_at AS "acceptedAt"`;
