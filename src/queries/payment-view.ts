import { sql } from "slonik";
import { z } from "zod";
import { PAYMENT_STATES } from "../payment/state.ts";

const isoTime = z.date().transform((date) => date.toISOString());
const decimal = z.string().regex(/^\d+\.\d{6}$/);

const row = z.object({
  id: z.string(),
  state: z.enum(PAYMENT_STATES),
  generation: z.number(),
  platformId: z.string(),
  workerId: z.string(),
  taskId: z.string(),
  bulkId: z.string().nullable(),
  sourceEventId: z.string(),
  idempotencyKey: z.string(),
  amount: decimal,
  fee: decimal.nullable(),
  netAmount: decimal.nullable(),
  currency: z.string(),
  rail: z.enum(["circle", "arc"]).nullable(),
  chainId: z.bigint().transform(Number).nullable(),
  txHash: z.string().nullable(),
  blockNumber: z.bigint().transform(Number).nullable(),
  circleTransactionId: z.string().nullable(),
  failureCode: z.string().nullable(),
  failureMessage: z.string().nullable(),
  failureRetryable: z.boolean().nullable(),
  doubtReason: z.string().nullable(),
  doubtSince: isoTime.nullable(),
  lastCheckedAt: isoTime.nullable(),
  reviewAt: isoTime.nullable(),
  nextAttemptAt: isoTime.nullable(),
  occurredAt: isoTime,
  acceptedAt: isoTime,
  settledAt: isoTime.nullable(),
  latencyMs: z.number().nullable(),
});

/** The columns behind a payment's public face; `paymentRow` checks them. */
export const paymentColumns = sql.fragment`
  p.id, p.state, p.generation, p.platform_id AS "platformId", p.worker_id AS "workerId", p.task_id AS "taskId",
  p.bulk_id AS "bulkId", p.source_event_id AS "sourceEventId", p.idempotency_key AS "idempotencyKey",
  p.amount, p.fee, p.net_amount AS "netAmount", p.currency, p.rail, p.chain_id AS "chainId",
  p.tx_hash AS "txHash", p.block_number AS "blockNumber", p.circle_transaction_id AS "circleTransactionId",
  p.failure_code AS "failureCode", p.failure_message AS "failureMessage", p.failure_retryable AS "failureRetryable",
  p.doubt_reason AS "doubtReason", p.doubt_since AS "doubtSince", p.last_checked_at AS "lastCheckedAt",
  p.review_at AS "reviewAt", p.next_attempt_at AS "nextAttemptAt", p.occurred_at AS "occurredAt",
  p.accepted_at AS "acceptedAt", p.settled_at AS "settledAt",
  CASE WHEN p.state = 'completed'
    THEN greatest(0, round(extract(epoch FROM p.settled_at - p.occurred_at) * 1000))::float8 END AS "latencyMs"`;

/** A payment as programs meet it: amounts with six decimals, times in RFC 3339, what does not apply is null. */
export interface PaymentView extends Omit<
  z.infer<typeof row>,
  | "failureCode"
  | "failureMessage"
  | "failureRetryable"
  | "doubtReason"
  | "doubtSince"
  | "lastCheckedAt"
  | "reviewAt"
  | "settledAt"
> {
  readonly explorerUrl: string | null;
  readonly failure: { code: string; message: string; retryable: boolean } | null;
  readonly doubt: {
    since: string;
    reason: string;
    lastCheckedAt: string | null;
    reviewAt: string | null;
  } | null;
  readonly completedAt: string | null;
}

/** A row of `paymentColumns`, turned into the public face; explorer links need the deployment's explorer. */
export const paymentRow = (explorerUrl: string | null) =>
  row.transform((payment): PaymentView => {
    const {
      failureCode,
      failureMessage,
      failureRetryable,
      doubtReason,
      doubtSince,
      lastCheckedAt,
      reviewAt,
      settledAt,
      ...rest
    } = payment;
    // While a void is under way the reason is known, but the payment has not failed yet.
    const failed = payment.state === "failed" && failureCode !== null;
    return {
      ...rest,
      explorerUrl: explorerUrl && rest.txHash ? `${explorerUrl}/tx/${rest.txHash}` : null,
      failure: failed
        ? {
            code: failureCode,
            message: failureMessage ?? "",
            retryable: failureRetryable ?? false,
          }
        : null,
      doubt:
        doubtReason !== null && doubtSince !== null
          ? { since: doubtSince, reason: doubtReason, lastCheckedAt, reviewAt }
          : null,
      completedAt: payment.state === "completed" ? settledAt : null,
    };
  });
