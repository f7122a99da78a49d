import { array, assert, constantFrom, nat, property, record, uniqueArray } from "fast-check";
import { expect, test } from "vitest";
import { coverPairs } from "./plan-pairs.ts";

const combination = record({
  value: nat(),
  pairs: uniqueArray(constantFrom("a", "b", "c", "d", "e", "f"), { maxLength: 3 }),
});

test("every pair that can be covered is, and no chosen combination is idle", () => {
  assert(
    property(array(combination), nat(), (all, seed) => {
      const indexed = all.map(({ pairs }, index) => ({ value: index, pairs }));
      const chosen = coverPairs(indexed, seed).map((index) => indexed[index]?.pairs ?? []);
      expect(new Set(chosen.flat())).toEqual(new Set(all.flatMap(({ pairs }) => pairs)));
      // A cell has the same name in every run.
      expect(coverPairs(indexed, seed)).toEqual(coverPairs(indexed, seed));
      const news = new Set<string>();
      for (const pairs of chosen) {
        expect(pairs.some((pair) => !news.has(pair))).toBe(true);
        for (const pair of pairs) news.add(pair);
      }
    }),
  );
});
