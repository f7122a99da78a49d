import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planOf } from "./plan.ts";
import { runSeeds } from "./run-seeds.ts";
import { startWorkers, type Workers } from "./workers.ts";

const FIXED = 200;
const FRESH = 100;
/** All of it takes about a minute on two idle cores. */
const TIMEOUT_MS = 600_000;

let workers: Workers;
beforeAll(async () => {
  workers = await startWorkers(2);
});
afterAll(() => workers[Symbol.asyncDispose]());

const seedsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => first + index);

describe("random schedules of events, faults, crashes and restarts", () => {
  test(
    "keep every promise: nothing is paid twice, lost, contradicted, or failed though it was paid",
    { timeout: TIMEOUT_MS, retry: 0 },
    async () => {
      const fresh = randomInt(1_000_000, 2 ** 31);
      process.stderr.write(`fresh seeds: ${fresh} to ${fresh + FRESH - 1}\n`);
      const seeds = [...seedsFrom(1, FIXED), ...seedsFrom(fresh, FRESH)];
      const { totals, failures } = await runSeeds(workers, seeds);
      expect(failures).toEqual([]);
      expect(totals).toMatchObject({ schedules: FIXED + FRESH, paidTwice: 0, lost: 0 });
      // A simulation in which nothing happens proves nothing.
      expect(totals.payments).toBeGreaterThan(FIXED);
      expect(totals.crashes).toBeGreaterThan(FIXED / 10);
      expect(totals.faults).toBeGreaterThan(FIXED);
      expect(totals.restores).toBeGreaterThan(FIXED / 10);
    },
  );

  test("are told alike each time a seed is run", { timeout: TIMEOUT_MS, retry: 0 }, async () => {
    for (const seed of seedsFrom(1, 4)) {
      const [one, other] = await Promise.all([
        workers.run(planOf(seed), { isTold: true }),
        workers.run(planOf(seed), { isTold: true }),
      ]);
      expect(other).toEqual(one);
    }
  });

  test(
    "that hang are violations, and the run goes on",
    { timeout: TIMEOUT_MS, retry: 0 },
    async () => {
      const { result } = await workers.run(planOf(1), { hangsAfterMs: 1 });
      expect(result).toMatchObject({ seed: 1, violations: ["hang: not over after 1 ms"] });
      expect((await workers.run(planOf(1))).result.violations).toEqual([]);
    },
  );

  // Each begins near a seed that catches it; should the line's course change, there are many more.
  test.each([
    ["no_paid_check", "paid twice", 20],
    ["no_floor", "failed but paid", 61],
  ] as const)(
    "catch a PayOnce with %s, and tell how in a schedule that is shorter than the one found",
    { timeout: TIMEOUT_MS, retry: 0 },
    async (broken, promise, first) => {
      const { failures } = await runSeeds(workers, seedsFrom(first, 300), {
        breaks: [broken],
        failuresMax: 1,
        shrinkRunsMax: 20,
      });
      const [failure] = failures;
      expect(failure?.violations.join()).toContain(promise);
      expect(failure?.steps.length).toBeLessThan(planOf(failure?.seed ?? 0).steps.length);
    },
  );
});
