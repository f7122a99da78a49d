import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { sampleEvery } from "../../src/sampling/sample-every.ts";
import { collectArrivals } from "../e2e/arrivals.ts";
import { shownOf } from "../metrics/read-metric.ts";

interface Line {
  readonly level: number;
  readonly sampler: string;
}

/** Samples without a pause until the test ends; each look is told to `looks` as it begins. */
function sampling(
  sample: (look: number, signal: AbortSignal) => Promise<void>,
  timeoutMs = 60_000,
) {
  const lines = collectArrivals<Line>();
  const looks = collectArrivals<number>();
  const log = pino({}, { write: (text: string) => lines.push(JSON.parse(text) as Line) });
  const metrics = createMetrics({ sloMs: 3_000 });
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const run = sampleEvery(
    { log, metrics },
    {
      name: "chain",
      sample(signal) {
        looks.push(looks.items.length);
        return sample(looks.items.length - 1, signal);
      },
    },
    stopping.signal,
    { everyMs: 1, timeoutMs },
  );
  return { lines, looks, metrics, run, stop: () => stopping.abort() };
}

const failures = 'payments_sampler_failures_total{sampler="chain"}';
const success = 'payments_sampler_last_success_timestamp_seconds{sampler="chain"}';

test("a sampler that fails is counted each time, says so once, and says once that it is back", async () => {
  const { lines, metrics, looks } = sampling(async (look) => {
    if (look < 3) throw new Error("away");
  });
  await lines.until("it is back", (all) => all.length === 2);
  await looks.until("more looks", (all) => all.length > 5);
  expect(lines.items.map(({ level, sampler }) => [level, sampler])).toEqual([
    [40, "chain"],
    [30, "chain"],
  ]);
  expect(await shownOf(metrics, failures)).toBe(3);
  expect(await shownOf(metrics, success)).toBeGreaterThan(0);
});

test("a look that outlives its time is a failure, and is never joined by a second one", async () => {
  const { promise: answer, resolve } = Promise.withResolvers<void>();
  const { lines, metrics, looks } = sampling(
    (look) => (look === 0 ? answer : Promise.resolve()),
    5,
  );
  await lines.next("it fails", ({ level }) => level === 40);
  expect(looks.items).toEqual([0]);
  expect(await shownOf(metrics, success)).toBe(0);
  resolve();
  await lines.next("it is back", ({ level }) => level === 30);
  expect(await shownOf(metrics, failures)).toBeGreaterThan(0);
});

test("it ends at once when it is told to, also in the middle of a look, and that is no failure", async () => {
  const { metrics, looks, lines, run, stop } = sampling(() => new Promise(() => undefined));
  await looks.until("a look", (all) => all.length > 0);
  stop();
  await run;
  expect(await shownOf(metrics, failures)).toBe(0);
  expect(lines.items).toEqual([]);
});
