import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";

const decimal = z.string();

const currencyStats = z.object({
  currency: z.string(),
  totalAmount: decimal,
  totalFees: decimal,
  totalNet: decimal,
});

const counts = z.object({
  total: z.number(),
  completed: z.number(),
  failed: z.number(),
  inReview: z.number(),
  inProgress: z.number(),
  meanLatencyMs: z.number().nullable(),
});

export interface WorkerStats extends z.infer<typeof counts> {
  readonly workerId: string;
  readonly byCurrency: readonly z.infer<typeof currencyStats>[];
  /** Completed of those that ended; null while none did. */
  readonly successRate: number | null;
}

/** GigStream's getWorkerPaymentStats. Sums are of completed payments only, exact to the micro-unit; of one platform where it is given. */
export async function workerStats(
  db: CommonQueryMethods,
  workerId: string,
  platformId: string | null = null,
): Promise<WorkerStats> {
  const which = sql.fragment`worker_id = ${workerId} AND (${platformId}::text IS NULL OR platform_id = ${platformId})`;
  const summary = await db.one(sql.type(counts)`
    SELECT count(*)::int AS total,
      count(*) FILTER (WHERE state = 'completed')::int AS completed,
      count(*) FILTER (WHERE state = 'failed')::int AS failed,
      count(*) FILTER (WHERE state = 'review')::int AS "inReview",
      count(*) FILTER (WHERE state IN ('accepted', 'planned', 'voiding'))::int AS "inProgress",
      round(avg(greatest(0, extract(epoch FROM settled_at - occurred_at) * 1000))
        FILTER (WHERE state = 'completed'))::float8 AS "meanLatencyMs"
    FROM payments WHERE ${which}
  `);
  const byCurrency = await db.any(sql.type(currencyStats)`
    SELECT currency, sum(amount)::text AS "totalAmount", sum(fee)::text AS "totalFees",
      sum(net_amount)::text AS "totalNet"
    FROM payments WHERE ${which} AND state = 'completed'
    GROUP BY currency ORDER BY currency
  `);
  const ended = summary.completed + summary.failed;
  return {
    workerId,
    ...summary,
    byCurrency,
    successRate: ended === 0 ? null : summary.completed / ended,
  };
}
