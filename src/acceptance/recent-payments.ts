import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { parseMicros, type Micros } from "../payment/money.ts";
import type { RiskLimits } from "./acceptance-deps.ts";
import type { RecentPayments, Subject } from "./check-eligibility.ts";
import type { Plan } from "./plan-payment.ts";
import { dailyAmountOf, lockPlatformDays, type PlatformDay } from "./platform-days.ts";

/** What there was lately; empty where no limit asks for it. */
export interface Recent {
  readonly workers: readonly RecentRow[];
  readonly platforms: readonly PlatformDay[];
}

/** Counts what there was lately, the payments of the same batch included. */
export interface RecentTally {
  /** Undefined where no limit is set. */
  of(subject: Subject): RecentPayments | undefined;
  add(subject: Subject, state: Plan["state"]): void;
}

interface RecentRow {
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

/** Of the payments that are being decided; `exceptIds` are those of them that are stored. Holds the platforms' days. */
export async function readRecent(
  tx: Transaction,
  risk: RiskLimits,
  subjects: readonly Subject[],
  exceptIds: readonly string[],
): Promise<Recent> {
  return {
    workers: await readWorkers(tx, risk, subjects, exceptIds),
    platforms: await lockPlatformDays(tx, risk, subjects),
  };
}

/** What failed did not move. */
async function readWorkers(
  tx: Transaction,
  risk: RiskLimits,
  subjects: readonly Subject[],
  exceptIds: readonly string[],
): Promise<readonly RecentRow[]> {
  if (risk.workerDailyAmount === null && risk.workerHourlyCount === null) return [];
  if (subjects.length === 0) return [];
  const workerIds = [...new Set(subjects.map(({ workerId }) => workerId))];
  return tx.any(sql.prepared("acceptance-read-recent", recentRow)`
    SELECT worker_id AS "workerId", currency, sum(amount)::text AS "dailyAmount",
      count(*) FILTER (WHERE accepted_at > payment_now() - interval '1 hour') AS "hourlyCount"
    FROM payments
    WHERE worker_id = ANY(${sql.array(workerIds, "text")})
      AND accepted_at > payment_now() - interval '24 hours'
      AND state <> 'failed' AND id <> ALL(${sql.array(exceptIds, "uuid")})
    GROUP BY worker_id, currency
  `);
}

export function startTally(risk: RiskLimits, recent: Recent, now: Date): RecentTally {
  const amounts = new Map<string, Micros>();
  const counts = new Map<string, number>();
  const platforms = new Map<string, Micros>();
  const count = (workerId: string, currency: string, amount: Micros, times: number) => {
    grow(amounts, `${workerId} ${currency}`, amount);
    counts.set(workerId, (counts.get(workerId) ?? 0) + times);
  };
  for (const row of recent.workers) {
    count(row.workerId, row.currency, row.dailyAmount, row.hourlyCount);
  }
  for (const day of recent.platforms) {
    grow(platforms, `${day.platformId} ${day.currency}`, dailyAmountOf(day, now));
  }
  const isOff = Object.values(risk).every((limit) => limit === null);
  return {
    of({ workerId, platformId, currency }) {
      if (isOff) return undefined;
      return {
        dailyAmount: amounts.get(`${workerId} ${currency}`) ?? 0n,
        hourlyCount: counts.get(workerId) ?? 0,
        platformDailyAmount: platforms.get(`${platformId} ${currency}`) ?? 0n,
      };
    },
    add({ workerId, platformId, currency, amount }, state) {
      if (state !== "failed") count(workerId, currency, amount, 1);
      if (state === "planned") grow(platforms, `${platformId} ${currency}`, amount);
    },
  };
}

function grow(amounts: Map<string, Micros>, key: string, by: Micros): void {
  amounts.set(key, (amounts.get(key) ?? 0n) + by);
}
