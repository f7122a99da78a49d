import type { ChainBreak } from "./chain-model.ts";
import { planOf, type Plan } from "./plan.ts";
import type { ScheduleResult } from "./run-schedule.ts";
import { kindOf, shrink } from "./shrink.ts";
import type { Workers } from "./workers.ts";

export interface Totals {
  readonly schedules: number;
  readonly crashes: number;
  readonly faults: number;
  readonly restores: number;
  readonly payments: number;
  readonly paidTwice: number;
  readonly lost: number;
  readonly contradicting: number;
  readonly failedButPaid: number;
  readonly worstRecoveryMs: number;
}

/** A seed that broke a promise, and the shortest schedule found that still does. */
export interface Failure {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly steps: readonly number[];
  readonly story: readonly string[];
}

export interface SeedsReport {
  readonly totals: Totals;
  readonly failures: readonly Failure[];
}

interface Options {
  readonly breaks?: readonly ChainBreak[];
  readonly onProgress?: (done: number) => void;
  /** After so many there is enough to look at. */
  readonly failuresMax?: number;
  /** How often a shorter schedule is tried for each failure. */
  readonly shrinkRunsMax?: number;
  /** At once, before it is shrunk. */
  readonly onFailure?: (result: ScheduleResult) => void;
}

/** Runs these seeds on all workers, until all are done or enough have failed; failures are shrunk afterwards. */
export async function runSeeds(
  workers: Workers,
  seeds: readonly number[],
  { breaks = [], failuresMax = 5, shrinkRunsMax, onProgress, onFailure }: Options = {},
): Promise<SeedsReport> {
  const results: ScheduleResult[] = [];
  const failed: { plan: Plan; violations: readonly string[] }[] = [];
  const queue = seeds.values();
  const work = async () => {
    for (const seed of queue) {
      if (failed.length >= failuresMax) return;
      const plan = planOf(seed, new Set(breaks));
      const { result } = await workers.run(plan);
      results.push(result);
      if (result.violations.length > 0) {
        failed.push({ plan, violations: result.violations });
        onFailure?.(result);
      }
      onProgress?.(results.length);
    }
  };
  await Promise.all(Array.from({ length: workers.count }, work));
  const failures: Failure[] = [];
  for (const { plan, violations } of failed) {
    failures.push(
      // To look for a shorter one that hangs would take hours.
      violations.some((violation) => kindOf(violation) === "hang")
        ? { seed: plan.seed, violations, steps: plan.steps, story: [] }
        : await explain(workers, plan, shrinkRunsMax),
    );
  }
  return { totals: totalsOf(results), failures };
}

async function explain(
  workers: Workers,
  plan: Plan,
  shrinkRunsMax: number | undefined,
): Promise<Failure> {
  const { result } = await workers.run(plan);
  const kinds = new Set(result.violations.map(kindOf));
  const shortest = await shrink(
    plan,
    async (candidate) => {
      const { result } = await workers.run(candidate);
      return result.violations.some((violation) => kinds.has(kindOf(violation)));
    },
    shrinkRunsMax,
  );
  const { result: last, story } = await workers.run(shortest, { isTold: true });
  return { seed: plan.seed, violations: last.violations, steps: shortest.steps, story };
}

function totalsOf(results: readonly ScheduleResult[]): Totals {
  const sum = (of: (result: ScheduleResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  return {
    schedules: results.length,
    crashes: sum(({ crashes }) => crashes),
    faults: sum(({ faults }) => faults),
    restores: sum(({ restores }) => restores),
    payments: sum(({ payments }) => payments),
    paidTwice: sum(({ paidTwice }) => paidTwice),
    lost: sum(({ lost }) => lost),
    contradicting: sum(({ contradicting }) => contradicting),
    failedButPaid: sum(({ failedButPaid }) => failedButPaid),
    worstRecoveryMs: Math.max(0, ...results.map(({ recoveryMs }) => recoveryMs)),
  };
}
