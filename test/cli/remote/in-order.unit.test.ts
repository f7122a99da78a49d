import * as fc from "fast-check";
import { expect, test } from "vitest";
import { inOrder } from "../../../src/cli/remote/in-order.ts";

async function* inputsOf(count: number) {
  for (let n = 0; n < count; n += 1) yield n;
}

/** Runs the works, each of which ends when its turn comes in `order`; `fails` breaks off. */
async function run(count: number, max: number, order: readonly number[], fails: number) {
  const ends = Array.from({ length: count }, () => Promise.withResolvers<void>());
  const seen = { out: [] as number[], underWay: 0, most: 0, begun: 0 };
  const work = async (n: number) => {
    seen.begun += 1;
    seen.underWay += 1;
    seen.most = Math.max(seen.most, seen.underWay);
    await ends[n]?.promise;
    seen.underWay -= 1;
    if (n === fails) throw new Error("broke off");
    return n;
  };
  const reading = (async () => {
    for await (const n of inOrder(inputsOf(count), max, work)) seen.out.push(n);
  })();
  for (const n of order) ends[n]?.resolve();
  const failure = await reading.then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { ...seen, failure };
}

const works = fc.integer({ min: 0, max: 12 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    max: fc.integer({ min: 1, max: 5 }),
    order: fc.shuffledSubarray(
      Array.from({ length: count }, (_, n) => n),
      { minLength: count },
    ),
  }),
);

test("whatever ends first, outcomes come in the order of the inputs, and never too many are under way", async () => {
  await fc.assert(
    fc.asyncProperty(works, async ({ count, max, order }) => {
      const { out, most, underWay, failure } = await run(count, max, order, -1);
      expect(out).toEqual(Array.from({ length: count }, (_, n) => n));
      expect(most).toBeLessThanOrEqual(max);
      expect({ underWay, failure }).toEqual({ underWay: 0, failure: undefined });
    }),
  );
});

test("after a failure what came before it has been handed over, and nothing is left under way", async () => {
  await fc.assert(
    fc.asyncProperty(works, fc.nat(11), async ({ count, max, order }, fails) => {
      fc.pre(fails < count);
      const { out, underWay, begun, failure } = await run(count, max, order, fails);
      expect(out).toEqual(Array.from({ length: fails }, (_, n) => n));
      expect({ underWay, failure }).toEqual({ underWay: 0, failure: "broke off" });
      expect(begun).toBeLessThanOrEqual(fails + max);
    }),
  );
});
