import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { durationMeasures, spreadOf } from "../../bench/measure/spread.ts";

describe("durations", () => {
  test("a percentile is a duration that was measured, and p50 ≤ p99 ≤ max", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 1 }), (durations) => {
        const { xP50Ms = NaN, xP99Ms = NaN, xMaxMs = NaN } = durationMeasures("x", durations);
        expect(durations).toEqual(expect.arrayContaining([xP50Ms, xP99Ms, xMaxMs]));
        expect(xP50Ms).toBeLessThanOrEqual(xP99Ms);
        expect(xP99Ms).toBeLessThanOrEqual(xMaxMs);
        expect(xMaxMs).toBe(Math.max(...durations));
      }),
    );
  });

  test("of a hundred, p99 is the last but one, and of none there is no measure", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(durationMeasures("own", hundred)).toEqual({ ownP50Ms: 50, ownP99Ms: 99, ownMaxMs: 100 });
    expect(durationMeasures("own", [])).toEqual({});
  });
});

describe("rounds", () => {
  test("their median is the one in the middle, whatever the order", () => {
    expect(spreadOf([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
    expect(spreadOf([4, 1, 2, 9])).toEqual({ median: 3, min: 1, max: 9 });
    expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });

  test("nothing measured has no median", () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });
});
