import { expect, test } from "vitest";
import { createPacer } from "../../src/circle/pacer.ts";

test("the pacer never lets more than the limit leave within a second", async () => {
  const pacer = createPacer(50);
  const startedAtMs = performance.now();
  const leftAtMs: number[] = [];
  await Promise.all(
    Array.from({ length: 11 }, async () => {
      await pacer.take(new AbortController().signal);
      leftAtMs.push(performance.now() - startedAtMs);
    }),
  );
  // Eleven requests at 50 per second leave over ten gaps of 20 ms; timers may fire a millisecond early.
  expect(leftAtMs.at(-1)).toBeGreaterThan(190);
});

test("a push-back holds everybody until it is over", async () => {
  let nowMs = 1_000;
  const pacer = createPacer(5, { now: () => nowMs });
  pacer.pushBack(60_000);
  await expect(pacer.take(AbortSignal.timeout(20))).rejects.toThrow("aborted");
  nowMs += 60_000;
  await pacer.take(AbortSignal.timeout(1_000));
});

test("repeats that come faster than the limit do not starve a new request", async () => {
  const pacer = createPacer(100);
  const stopping = new AbortController();
  const repeats = Array.from({ length: 5 }, async () => {
    while (!stopping.signal.aborted) await pacer.take(stopping.signal).catch(() => undefined);
  });
  await pacer.hold(AbortSignal.timeout(5_000));
  stopping.abort();
  await Promise.all(repeats);
});

test("a kept turn is used once, by the first request that comes", async () => {
  let nowMs = 1_000;
  const pacer = createPacer(1, { now: () => nowMs });
  const { signal } = new AbortController();
  await pacer.hold(signal);
  await pacer.hold(signal);
  await pacer.take(signal);
  await expect(pacer.take(AbortSignal.timeout(20))).rejects.toThrow("aborted");
  nowMs += 1_000;
  await pacer.take(signal);
});

test("after a turn that was kept for long the next request keeps its distance", async () => {
  let nowMs = 1_000;
  const pacer = createPacer(1, { now: () => nowMs });
  const { signal } = new AbortController();
  await pacer.hold(signal);
  nowMs += 10_000;
  await pacer.take(signal);
  await expect(pacer.hold(AbortSignal.timeout(20))).rejects.toThrow("aborted");
  nowMs += 1_000;
  await pacer.hold(signal);
});

test("a push-back takes a kept turn away", async () => {
  const pacer = createPacer(1_000);
  await pacer.hold(AbortSignal.timeout(1_000));
  pacer.pushBack(60_000);
  await expect(pacer.take(AbortSignal.timeout(20))).rejects.toThrow("aborted");
});

test("who gives up waiting holds up nobody behind him", async () => {
  const pacer = createPacer(100);
  await pacer.take(AbortSignal.timeout(1_000));
  const gone = pacer.take(AbortSignal.abort());
  const next = pacer.take(AbortSignal.timeout(1_000));
  await expect(gone).rejects.toThrow("aborted");
  await next;
});

test("it tells how long each turn was waited for, a kept one included, and nothing of one that was given up", async () => {
  let nowMs = 1_000;
  const waits: number[] = [];
  const pacer = createPacer(1, { now: () => nowMs, onTurn: (waitedMs) => waits.push(waitedMs) });
  const { signal } = new AbortController();
  await pacer.take(signal);
  await expect(pacer.take(AbortSignal.timeout(5))).rejects.toThrow();
  expect(waits).toEqual([0]);
  nowMs += 2_000;
  await pacer.hold(signal);
  await pacer.take(signal);
  expect(waits).toEqual([0, 0]);
});
