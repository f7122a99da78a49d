import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { feeRateFor, parseFeeRate, splitFee } from "../../src/payment/fee.ts";
import { MAX_MICROS } from "../../src/payment/money.ts";

const amounts = fc.bigInt({ min: 1n, max: MAX_MICROS });
const rates = fc.bigInt({ min: 0n, max: 999_999n });

test("net and fee add up to the amount, the worker always gets something, and no fraction of his is lost", () => {
  fc.assert(
    fc.property(amounts, rates, (amount, rate) => {
      const { fee, net } = splitFee(amount, rate);
      expect(net + fee).toBe(amount);
      expect(net).toBeGreaterThan(0n);
      expect(fee).toBeGreaterThanOrEqual(0n);
      expect(fee * 1_000_000n).toBeLessThanOrEqual(amount * rate);
      expect((fee + 1n) * 1_000_000n).toBeGreaterThan(amount * rate);
    }),
  );
});

test("GigStream defect 10: money is exact where floating point is not", () => {
  // 0.1 + 0.2, and a fee that `amount * 0.025` gets wrong in the sixth decimal.
  expect(splitFee(100_000n + 200_000n, 0n)).toEqual({ fee: 0n, net: 300_000n });
  expect(splitFee(1_005_000n, 25_000n)).toEqual({ fee: 25_125n, net: 979_875n });
  expect(splitFee(99_999_999_999_999_999_999n, 1n)).toEqual({
    fee: 99_999_999_999_999n,
    net: 99_999_900_000_000_000_000n,
  });
});

describe("a fee rate", () => {
  test.each([
    ["2.5", 25_000n],
    ["2.5000", 25_000n],
    ["0", 0n],
    ["0.0001", 1n],
    ["99.9999", 999_999n],
  ])("%s percent is %s millionths", (text, rate) => expect(parseFeeRate(text)).toBe(rate));

  test.each(["100", "100.0", "-1", "2,5", "", "abc", "0.00001", "1e1", "NaN"])(
    "%j is none",
    (text) => expect(parseFeeRate(text)).toBeUndefined(),
  );

  test("is read back from how the database writes it", () => {
    fc.assert(
      fc.property(rates, (rate) => {
        const text = `${rate / 10_000n}.${(rate % 10_000n).toString().padStart(4, "0")}`;
        expect(parseFeeRate(text)).toBe(rate);
      }),
    );
  });
});

describe("precedence", () => {
  const policy = {
    defaultRate: 30_000n,
    tiers: [
      { fromAmount: 1_000_000_000n, rate: 20_000n },
      { fromAmount: 10_000_000n, rate: 25_000n },
    ],
  };

  test.each([
    ["the platform's own rate wins, even zero", 0n, 2_000_000_000n, 0n],
    ["a tier starts at its amount", null, 1_000_000_000n, 20_000n],
    ["below it the lower tier holds", null, 999_999_999n, 25_000n],
    ["below every tier the default holds", null, 9_999_999n, 30_000n],
  ])("%s", (_, platformRate, amount, rate) =>
    expect(feeRateFor(policy, platformRate, amount)).toBe(rate),
  );

  test("does not depend on the order of the tiers", () => {
    fc.assert(
      fc.property(amounts, fc.shuffledSubarray([0, 1], { minLength: 2 }), (amount, order) => {
        const tiers = order.flatMap((index) => policy.tiers[index] ?? []);
        expect(feeRateFor({ ...policy, tiers }, null, amount)).toBe(
          feeRateFor(policy, null, amount),
        );
      }),
    );
  });
});
