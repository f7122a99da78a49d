import { mkdtempSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generatePrivateKey } from "viem/accounts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLedger, readLedger } from "../../bench/provider/ledger.ts";
import { openChain } from "../../bench/rail/chain.ts";
import { createRailRpc } from "../../bench/rail/rpc.ts";
import { createChainReader } from "../../src/arc/chain-reader.ts";
import { createPayOnceCalls } from "../../src/arc/pay-once.ts";
import { preflight } from "../../src/arc/preflight.ts";
import { localSigner } from "../../src/arc/signer.ts";

const PAY_ONCE = "0x00000000000000000000000000000000000000ce";
const CHAIN_ID = 5_042_002;
const calls = createPayOnceCalls();
const signer = localSigner(generatePrivateKey());
const account = (digit: string) => `0x${digit.repeat(40)}`;
const item = {
  paymentId: "11111111-1111-4111-8111-111111111111",
  generation: 1,
  payer: account("a"),
  token: account("c"),
  recipient: account("b"),
  amount: 1_500_000n,
};

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rail-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const ledgerPath = () => join(directory, "ledger.jsonl");

async function openRail() {
  const ledger = openLedger(ledgerPath());
  const journalPath = join(directory, "chain.jsonl");
  const chain = await openChain({ journalPath, ledger, payOnce: PAY_ONCE });
  const rpc = createRailRpc(chain, PAY_ONCE);
  const reader = createChainReader({ rpc, payOnce: PAY_ONCE, onStray: () => undefined });
  return { chain, rpc, reader };
}

type Rail = Awaited<ReturnType<typeof openRail>>;

async function send({ rpc }: Rail, nonce: bigint, data: `0x${string}`): Promise<void> {
  const fees = { maxFeePerGas: 41_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
  const raw = await signer.sign({
    chainId: CHAIN_ID,
    nonce,
    to: PAY_ONCE,
    data,
    gas: 1_000_000n,
    ...fees,
  });
  await rpc.ask([{ method: "eth_sendRawTransaction", params: [raw] }]);
}

/** The logs of each block up to the one that has used so many nonces. */
async function logsUntil({ chain, reader }: Rail, nonces: bigint) {
  while (chain.countOf(signer.address) < nonces) {
    chain.headNumber();
    await delay(20);
  }
  const numbers = Array.from({ length: chain.headNumber() + 1 }, (_, number) => BigInt(number));
  const headers = await Promise.all(numbers.map((number) => reader.header(number)));
  return (await Promise.all(headers.map((header) => reader.payOnceLogs(header)))).flat();
}

test("the service finds nothing wrong with it", async () => {
  const { rpc } = await openRail();
  const operators = [signer.address];
  const findings = await preflight(rpc, {
    chainId: CHAIN_ID,
    payOnce: PAY_ONCE,
    operators,
    tokens: { USDC: account("c") },
  });
  expect(findings.filter(({ verdict }) => verdict !== "fine")).toEqual([]);
});

test("a payment that is sent twice moves money once, and its evidence is read as the chain's", async () => {
  const rail = await openRail();
  await send(rail, 0n, calls.encodePay([item]));
  await send(rail, 1n, calls.encodePay([item]));
  const logs = await logsUntil(rail, 2n);
  expect(logs.map(({ kind }) => kind)).toEqual(["paid", "skipped"]);
  expect(logs[0]).toMatchObject({
    payer: item.payer,
    recipient: item.recipient,
    amount: item.amount,
  });
  expect(logs[0]).not.toMatchObject({ transferLogIndex: null });
  expect(readLedger(ledgerPath())).toHaveLength(1);
});

test("a generation that was voided is not paid", async () => {
  const rail = await openRail();
  await send(rail, 0n, calls.encodeVoid([item]));
  await send(rail, 1n, calls.encodePay([item]));
  const logs = await logsUntil(rail, 2n);
  expect(logs.map(({ kind }) => kind)).toEqual(["voided", "skipped"]);
  expect(readLedger(ledgerPath())).toEqual([]);
});

test("a chain that is opened again is the same chain, and pays nothing anew", async () => {
  const rail = await openRail();
  // Some blocks before there is anything in them.
  await delay(700);
  await send(rail, 0n, calls.encodePay([item]));
  const before = await logsUntil(rail, 1n);
  const again = await openRail();
  expect(again.chain.timeOf(0)).toBe(rail.chain.timeOf(0));
  await send(again, 1n, calls.encodePay([item]));
  const logs = await logsUntil(again, 2n);
  expect(logs.slice(0, before.length)).toEqual(before);
  expect(logs.at(-1)?.kind).toBe("skipped");
  expect(readLedger(ledgerPath())).toHaveLength(1);
});

test("bytes that were taken before the process died are mined by its next life", async () => {
  const rail = await openRail();
  await send(rail, 0n, calls.encodePay([item]));
  expect((await logsUntil(await openRail(), 1n)).map(({ kind }) => kind)).toEqual(["paid"]);
  expect(readLedger(ledgerPath())).toHaveLength(1);
});
