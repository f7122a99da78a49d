import * as fc from "fast-check";
import { expect, test } from "vitest";
import { bumpedFees, freshFees } from "../../src/arc/fees.ts";

const GWEI = 1_000_000_000n;
const baseFee = fc.bigInt(1n, 9_000n * GWEI);

test("fresh fees are never below Arc's floor and outlast a doubling of the base fee", () => {
  fc.assert(
    fc.property(baseFee, (base) => {
      const { maxFeePerGas, maxPriorityFeePerGas } = freshFees(base);
      expect(maxFeePerGas >= 20n * GWEI).toBe(true);
      expect(maxFeePerGas - maxPriorityFeePerGas >= 2n * base).toBe(true);
      expect(maxPriorityFeePerGas <= GWEI).toBe(true);
    }),
  );
});

test("a bump raises both fees by an eighth at least, and to what this base fee asks", () => {
  const old = fc.record({
    maxFeePerGas: fc.bigInt(1n, 10_000n * GWEI),
    maxPriorityFeePerGas: fc.bigInt(0n, 10n * GWEI),
  });
  fc.assert(
    fc.property(old, baseFee, (old, base) => {
      const fees = bumpedFees(old, base);
      if (!fees) return;
      expect(fees.maxFeePerGas * 8n >= old.maxFeePerGas * 9n).toBe(true);
      expect(fees.maxPriorityFeePerGas * 8n >= old.maxPriorityFeePerGas * 9n).toBe(true);
      expect(fees.maxPriorityFeePerGas > old.maxPriorityFeePerGas).toBe(true);
      expect(fees.maxFeePerGas >= freshFees(base).maxFeePerGas).toBe(true);
      expect(fees.maxFeePerGas <= 20_000n * GWEI).toBe(true);
    }),
  );
});

test("bumping ends at the highest base fee that Arc can have", () => {
  let fees = freshFees(20n * GWEI);
  let bumps = 0;
  for (let next = bumpedFees(fees, 1n); next; next = bumpedFees(fees, 1n)) {
    fees = next;
    bumps += 1;
  }
  expect(bumps).toBeLessThan(60);
  expect(fees.maxFeePerGas).toBeLessThanOrEqual(20_000n * GWEI);
});
