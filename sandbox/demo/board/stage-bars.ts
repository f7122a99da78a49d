import type { Bar } from "./frame.ts";

/** One bar a second. */
const BARS_MAX = 60;
const SECOND_MS = 1_000;

export interface StageBars {
  /** A payment that ended then, with the time each stage took. */
  add(endedAtMs: number, durationsMs: readonly number[]): void;
  /** Of the last minute, oldest first; seconds in which nothing ended have none. */
  bars(nowMs: number): Bar[];
}

interface Sums {
  count: number;
  readonly sumsMs: number[];
  slowestMs: number;
}

/** The mean time in each stage of the payments that ended in each second. */
export function createStageBars(): StageBars {
  const seconds = new Map<number, Sums>();
  const forget = (nowMs: number) => {
    const oldest = Math.floor(nowMs / SECOND_MS) - BARS_MAX;
    for (const second of seconds.keys()) if (second <= oldest) seconds.delete(second);
  };
  return {
    add(endedAtMs, durationsMs) {
      const second = Math.floor(endedAtMs / SECOND_MS);
      const sums = seconds.get(second) ?? {
        count: 0,
        sumsMs: durationsMs.map(() => 0),
        slowestMs: 0,
      };
      seconds.set(second, sums);
      sums.count += 1;
      for (const [i, ms] of durationsMs.entries()) sums.sumsMs[i] = (sums.sumsMs[i] ?? 0) + ms;
      sums.slowestMs = Math.max(sums.slowestMs, sumOf(durationsMs));
      forget(endedAtMs);
    },
    bars(nowMs) {
      forget(nowMs);
      return [...seconds]
        .sort(([a], [b]) => a - b)
        .map(([second, { count, sumsMs, slowestMs }]) => ({
          second,
          count,
          meansMs: sumsMs.map((sum) => Math.round(sum / count)),
          slowestMs: Math.round(slowestMs),
        }));
    },
  };
}

/** Each stage's mean over these bars' payments; null where there are none. */
export function meansOf(bars: readonly Bar[]): number[] | null {
  const count = bars.reduce((sum, bar) => sum + bar.count, 0);
  if (count === 0) return null;
  const stages = bars[0]?.meansMs.length ?? 0;
  return Array.from({ length: stages }, (_, stage) =>
    Math.round(sumOf(bars.map((bar) => (bar.meansMs[stage] ?? 0) * bar.count)) / count),
  );
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
