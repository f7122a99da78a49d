import assert from "node:assert/strict";
import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";
import { isCurrency } from "../payment/currency.ts";
import { formatMicros, parseMicros, type Micros } from "../payment/money.ts";
import type { RiskLimits } from "./acceptance-deps.ts";
import type { Subject } from "./check-eligibility.ts";

/** What a platform had planned of late in one currency, hour by hour. */
export interface PlatformDay {
  readonly platformId: string;
  readonly currency: string;
  /** By `hourOf`; some may be too old to count. */
  readonly hours: Readonly<Record<string, Micros>>;
}

const dayRow = z.object({
  platformId: z.string(),
  currency: z.string(),
  hours: z.record(z.string(), z.string().transform(toMicros)),
});

/**
 * Reads the subjects' days and holds them until the commit, so that the limit is exact between instances. Sorted, so that
 * two of them wait for one another and never both; a row that is not there yet is made, for it could not be held.
 */
export async function lockPlatformDays(
  tx: Transaction,
  risk: RiskLimits,
  subjects: readonly Subject[],
): Promise<readonly PlatformDay[]> {
  const days = subjects.flatMap(({ platformId, currency }) =>
    isCurrency(currency) ? [[platformId, currency]] : [],
  );
  if (risk.platformDailyAmount === null || days.length === 0) return [];
  return tx.any(sql.prepared("acceptance-lock-platform-days", dayRow)`
    INSERT INTO platform_days AS d (platform_id, currency)
    SELECT DISTINCT p.id, s.currency
    FROM ${sql.unnest(days, ["text", "text"])} AS s (platform_id, currency) JOIN platforms p ON p.id = s.platform_id
    ORDER BY 1, 2
    ON CONFLICT (platform_id, currency) DO UPDATE SET hours = d.hours
    RETURNING platform_id AS "platformId", currency, hours
  `);
}

/** Adds what this transaction plans to the days that it holds; what fails later is not taken off again. */
export async function writePlatformDays(
  tx: Transaction,
  risk: RiskLimits,
  days: readonly PlatformDay[],
  { now, planned }: { readonly now: Date; readonly planned: readonly Subject[] },
): Promise<void> {
  if (risk.platformDailyAmount === null || planned.length === 0) return;
  const changed = addPlanned(days, now, planned).map(tupleOf);
  await tx.query(sql.prepared("acceptance-write-platform-days", anyRow)`
    UPDATE platform_days d SET hours = s.hours
    FROM ${sql.unnest(changed, ["text", "text", "jsonb"])} AS s (platform_id, currency, hours)
    WHERE d.platform_id = s.platform_id AND d.currency = s.currency
  `);
}

function tupleOf({ platformId, currency, hours }: PlatformDay): [string, string, string] {
  const texts = Object.entries(hours).map(([hour, amount]) => [hour, formatMicros(amount)]);
  return [platformId, currency, JSON.stringify(Object.fromEntries(texts))];
}

/** The days that change, without the hours that no longer count. */
export function addPlanned(
  days: readonly PlatformDay[],
  now: Date,
  planned: readonly Subject[],
): readonly PlatformDay[] {
  const hour = hourOf(now);
  const additions = days.map((day) => ({ day, own: planned.filter((each) => isOf(day, each)) }));
  assert(
    additions.reduce((count, { own }) => count + own.length, 0) === planned.length,
    "whatever is planned counts on a day that is held",
  );
  return additions.flatMap(({ day, own }) => {
    if (own.length === 0) return [];
    const recent = Object.fromEntries(recentHours(day, now));
    const amount = sum([recent[hour] ?? 0n, ...own.map((subject) => subject.amount)]);
    return [{ ...day, hours: { ...recent, [hour]: amount } }];
  });
}

function isOf(day: PlatformDay, { platformId, currency }: Subject): boolean {
  return platformId === day.platformId && currency === day.currency;
}

/** What counts against the limit at this moment. */
export function dailyAmountOf(day: PlatformDay, now: Date): Micros {
  return sum(recentHours(day, now).map(([, amount]) => amount));
}

const DAY_MS = 86_400_000;

/** The hour in which the last 24 hours began counts whole: rather an hour too many than a minute too few. */
function recentHours({ hours }: PlatformDay, now: Date): [string, Micros][] {
  const first = hourOf(new Date(now.getTime() - DAY_MS));
  return Object.entries(hours).filter(([hour]) => hour >= first);
}

/** "2026-03-01T12", of UTC: sorts as time does. */
function hourOf(time: Date): string {
  return time.toISOString().slice(0, 13);
}

function sum(amounts: readonly Micros[]): Micros {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function toMicros(text: string): Micros {
  const micros = parseMicros(text);
  assert(micros !== undefined, "an hour has an amount");
  return micros;
}
