import { assert, bigInt, property } from "fast-check";
import { expect, test } from "vitest";
import { payGasLimit, payItemsWithin } from "../../contracts/pay-once-gas.ts";

test("as many items as declare no more than the gas given, and one at the least", () => {
  assert(
    property(bigInt(0n, 100_000_000n), (gas) => {
      const items = payItemsWithin(gas);
      expect(items).toBeGreaterThanOrEqual(1);
      expect(payGasLimit(items + 1)).toBeGreaterThan(gas);
      if (items > 1) expect(payGasLimit(items)).toBeLessThanOrEqual(gas);
    }),
  );
});
