import { expect, test } from "vitest";
import { createTokenBuckets } from "../../src/http/token-buckets.ts";

test("so many at once, and then so many a second", () => {
  let nowMs = 0;
  const buckets = createTokenBuckets({ perSecond: 10, burst: 3 }, () => nowMs);
  expect([1, 2, 3, 4].map(() => buckets.take("a").allowed)).toEqual([true, true, true, false]);
  expect(buckets.take("b").allowed).toBe(true);
  nowMs = 99;
  expect(buckets.take("a").allowed).toBe(false);
  nowMs = 250;
  expect(buckets.look("a")).toMatchObject({ allowed: true, remaining: 2 });
  expect([1, 2, 3].map(() => buckets.take("a").allowed)).toEqual([true, true, false]);
  nowMs = 1_000_000;
  expect(buckets.take("a")).toEqual({
    allowed: true,
    remaining: 2,
    resetSeconds: 1,
    retryAfterSeconds: 1,
  });
});

test("memory is bounded, and who is busy is not forgotten for who is new", () => {
  const buckets = createTokenBuckets({ perSecond: 1, burst: 2, bucketsMax: 3 }, () => 0);
  buckets.take("busy");
  buckets.take("busy");
  for (let n = 0; n < 100; n += 1) {
    buckets.take(`new ${n}`);
    expect(buckets.take("busy").allowed).toBe(false);
  }
  expect(buckets.look("new 0").remaining).toBe(2);
});
