import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { openLoop } from "../../sandbox/traffic/open-loop.ts";

test("a task's time is the plan's, however long the publication before it was held up", async () => {
  const occurred: number[] = [];
  const late: number[] = [];
  await openLoop(100, 500, async (due) => {
    occurred.push(...due);
    late.push(...due.map((occurredAtMs) => Date.now() - occurredAtMs));
    if (late.length === due.length) await delay(100);
  });
  const [first = expect.fail()] = occurred;
  expect(occurred).toEqual(Array.from({ length: 100 }, (_, index) => first + index * 2));
  expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...late)).toBeGreaterThan(50);
});

test("no more is published once the signal aborts", async () => {
  const stop = new AbortController();
  let published = 0;
  const publish = async (due: readonly number[]) => {
    published += due.length;
    stop.abort();
  };
  await openLoop(1_000, 1, publish, stop.signal);
  expect(published).toBe(1);
});
