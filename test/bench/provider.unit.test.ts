import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readLedger } from "../../bench/provider/ledger.ts";
import { openProvider } from "../../bench/provider/provider.ts";

let directory = "";
const ledgerPath = () => join(directory, "ledger.jsonl");

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "provider-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const order = { payer: "0xa", recipient: "0xb", amount: 1_500_000n };

test("an order without a key is executed as often as it is given", async () => {
  const provider = openProvider(ledgerPath());
  const keyless = { ...order, idempotencyKey: null };
  await Promise.all([provider.pay([keyless]), provider.pay([keyless])]);
  expect(readLedger(ledgerPath())).toHaveLength(2);
});

test("a key that was used is executed no second time, also by the provider's next life", async () => {
  const keyed = { ...order, idempotencyKey: "payment-1" };
  // Its caller dies before the answer: ordered it is all the same.
  void openProvider(ledgerPath()).pay([keyed]);
  const again = await openProvider(ledgerPath()).pay([keyed, keyed]);
  expect(readLedger(ledgerPath())).toHaveLength(1);
  expect(again).toEqual([...readLedger(ledgerPath()), ...readLedger(ledgerPath())]);
});

test("a key that was used for other terms is refused, and nothing moves", async () => {
  const provider = openProvider(ledgerPath());
  await provider.pay([{ ...order, idempotencyKey: "payment-1" }]);
  const other = { ...order, amount: 2n, idempotencyKey: "payment-1" };
  await expect(provider.pay([other])).rejects.toThrow("other terms");
  expect(readLedger(ledgerPath())).toHaveLength(1);
});

test("an answer comes at a burst, not before", async () => {
  const [transfer] = await openProvider(ledgerPath()).pay([{ ...order, idempotencyKey: "k" }]);
  expect(transfer?.executedAtMs).toBeLessThanOrEqual(Date.now());
  expect((transfer?.executedAtMs ?? 1) % 500).toBe(0);
});

test("a line that a dying machine has not finished is not read", () => {
  openProvider(ledgerPath());
  appendFileSync(ledgerPath(), '["0x1","0xa"');
  expect(readLedger(ledgerPath())).toEqual([]);
});
