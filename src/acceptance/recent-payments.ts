import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { parseMicros, type Micros } from "../payment/money.ts";
import type { RiskLimits } from "./acceptance-deps.ts";
import type { RecentPayments, Subject } from "./check-eligibility.ts";

/** Counts what each worker was paid lately, the payments of the same batch included. */
export interface RecentTally {
  /** Undefined where no limit is set. */
  of(subject: Subject): RecentPayments | undefined;
  add(subject: Subject): void;
}

export interface RecentRow {
  readonly workerId: string;
  readonly currency: string;
  readonly dailyAmount: Micros;
  readonly hourlyCount: number;
}

const recentRow = z.object({
  workerId: z.string(),
  currency: z.string(),
  dailyAmount: z.string().transform((text) => parseMicros(text) ?? 0n),
  hourlyCount: z.bigint().transform(Number),
});

/** What failed did not move; `exceptIds` are the payments that are being decided. */
export async function readRecent(
  tx: Transaction,
  risk: RiskLimits,
  workerIds: readonly string[],
  exceptIds: readonly string[],
): Promise<readonly RecentRow[]> {
  if (!isOn(risk) || workerIds.length === 0) return [];
  return tx.any(sql.prepared("acceptance-read-recent", recentRow)`
    SELECT worker_id AS "workerId", currency, sum(amount)::text AS "dailyAmount",
      count(*) FILTER (WHERE accepted_at > payment_now() - interval '1 hour') AS "hourlyCount"
    FROM payments
    WHERE worker_id = ANY(${sql.array([...new Set(workerIds)], "text")})
      AND accepted_at > payment_now() - interval '24 hours'
      AND state <> 'failed' AND id <> ALL(${sql.array(exceptIds, "uuid")})
    GROUP BY worker_id, currency
  `);
}

export function startTally(risk: RiskLimits, rows: readonly RecentRow[]): RecentTally {
  const amounts = new Map<string, Micros>();
  const counts = new Map<string, number>();
  const count = (workerId: string, currency: string, amount: Micros, times: number) => {
    const key = `${workerId} ${currency}`;
    amounts.set(key, (amounts.get(key) ?? 0n) + amount);
    counts.set(workerId, (counts.get(workerId) ?? 0) + times);
  };
  for (const row of rows) count(row.workerId, row.currency, row.dailyAmount, row.hourlyCount);
  return {
    of({ workerId, currency }) {
      if (!isOn(risk)) return undefined;
      return {
        dailyAmount: amounts.get(`${workerId} ${currency}`) ?? 0n,
        hourlyCount: counts.get(workerId) ?? 0,
      };
    },
    add: ({ workerId, currency, amount }) => count(workerId, currency, amount, 1),
  };
}

function isOn(risk: RiskLimits): boolean {
  return risk.workerDailyAmount !== null || risk.workerHourlyCount !== null;
}
