import * as fc from "fast-check";
import { decodeFunctionData } from "viem";
import { expect, test } from "vitest";
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import { createPayOnceCalls } from "../../src/arc/pay-once.ts";
import { refOf } from "../../src/payment/ids.ts";
import { common } from "../../src/settings/known-settings.ts";

const calls = createPayOnceCalls();
const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
const reference = { paymentId: fc.uuid(), generation: fc.integer({ min: 1, max: 2_147_483_647 }) };
const item = fc.record({
  ...reference,
  payer: address,
  token: address,
  recipient: address,
  amount: fc.bigInt(1n, 99_999_999_999_999_999_999n),
});

test("what the contract will read is exactly the terms, in order", () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 20 }), (items) => {
      const { functionName, args } = decodeFunctionData({
        abi: payOnceAbi,
        data: calls.encodePay(items),
      });
      expect(functionName).toBe("pay");
      const expected = items.map(({ paymentId, generation, payer, token, recipient, amount }) => ({
        id: refOf(paymentId),
        generation,
        payer,
        token,
        to: recipient,
        amount,
      }));
      expect(lowerCased(args)).toEqual([expected]);
    }),
  );
});

test("a void names its generations, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.record(reference), { maxLength: 20 }), (items) => {
      const { functionName, args } = decodeFunctionData({
        abi: payOnceAbi,
        data: calls.encodeVoid(items),
      });
      expect(functionName).toBe("void");
      expect(args).toEqual([
        items.map(({ paymentId, generation }) => ({ id: refOf(paymentId), generation })),
      ]);
    }),
  );
});

test("the declared gas grows with the batch, is doubled after a revert, and never above what a transaction may have", () => {
  expect(calls.gasLimit("pay", 10, true)).toBe(2n * calls.gasLimit("pay", 10, false));
  expect(calls.gasLimit("void", 10, true)).toBe(2n * calls.gasLimit("void", 10, false));
  const most = Number(common.PAYMENT_BATCH_MAX.byDefault);
  expect(calls.gasLimit("pay", most, false)).toBeGreaterThan(
    calls.gasLimit("pay", most - 1, false),
  );
  expect(calls.gasLimit("pay", most, true)).toBe(16_777_216n);
  expect(() => common.PAYMENT_BATCH_MAX.parse(`${most + 1}`)).toThrow();
});

function lowerCased(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === "bigint" ? `${part}n` : typeof part === "string" ? part.toLowerCase() : part,
    ),
    (_, part: unknown) =>
      typeof part === "string" && /^\d+n$/.test(part) ? BigInt(part.slice(0, -1)) : part,
  );
}
