import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findRefused } from "../../src/acceptance/find-refused.ts";

test("the first bad item is found among any others, in as many tries as the count has bits", async () => {
  const cases = fc.integer({ min: 1, max: 500 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      bad: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1, maxLength: 5 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ count, bad }) => {
      let tries = 0;
      const first = Math.min(...bad);
      const found = await findRefused(count, async (length) => {
        tries += 1;
        return length <= first;
      });
      expect(found).toBe(first);
      expect(tries).toBeLessThanOrEqual(Math.ceil(Math.log2(count)));
    }),
  );
});
