import { sql, type CommonQueryMethods } from "slonik";
import { liveRow, type LiveEvent } from "./live-event.ts";

export interface LiveFilter {
  /** Null: of all platforms. */
  readonly platformId: string | null;
  readonly workerId: string | null;
  readonly paymentId: string | null;
}

export interface NumberRange {
  /** Exclusive. */
  readonly after: bigint;
  /** Inclusive; not beyond what `readPlace` had said before, or what commits meanwhile would be passed over. */
  readonly upTo: bigint;
  readonly limit: number;
}

/** The first numbered events of a range, in order; by an index of the platform or the worker where one is asked for. */
export async function readOutcomes(
  db: CommonQueryMethods,
  { after, upTo, limit }: NumberRange,
  { platformId, workerId, paymentId }: LiveFilter,
): Promise<readonly LiveEvent[]> {
  const where = [
    sql.fragment`number > ${after} AND number <= ${upTo}`,
    platformId !== null && sql.fragment`platform_id = ${platformId}`,
    workerId !== null && sql.fragment`worker_id = ${workerId}`,
    // A payment's platform never changes, and narrows what is read through.
    paymentId !== null &&
      sql.fragment`payment_id = ${paymentId}::uuid
        AND platform_id = (SELECT p.platform_id FROM payments p WHERE p.id = ${paymentId}::uuid)`,
  ].filter((fragment) => fragment !== false);
  return db.any(sql.type(liveRow)`
    SELECT number, event_id AS "eventId", 'payment.' || kind AS type, decided_at AS at, payment_id AS "paymentId", generation,
      platform_id AS "platformId", worker_id AS "workerId", task_id AS "taskId", amount, currency, fee,
      net_amount AS "netAmount", tx_hash AS "txHash", latency_ms AS "latencyMs", failure_code AS "failureCode",
      failure_message AS "failureMessage", failure_retryable AS "failureRetryable", NULL::text AS "doubtReason"
    FROM live_events
    WHERE ${sql.join(where, sql.fragment` AND `)}
    ORDER BY number LIMIT ${limit}
  `);
}
