import { numberToHex, toFunctionSelector, type Abi, type Hex } from "viem";
import { expect, test } from "vitest";
import artifact from "../../contracts/PayOnce.json" with { type: "json" };
import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import usdc from "../../sandbox/chain/tokens/Usdc.json" with { type: "json" };
import { approveCall, nameOperatorCall, revokeOperatorCall } from "../../src/arc/admin-calls.ts";
import { sendAdminCall } from "../../src/arc/admin.ts";
import { createPayOnceCalls } from "../../src/arc/pay-once.ts";
import { createRpc } from "../../src/arc/rpc.ts";
import { localSigner } from "../../src/arc/signer.ts";
import * as token from "../../src/arc/token-calls.ts";
import { startFakeNode } from "../arc/fake-node.ts";
import { addressOf } from "../support/seed.ts";

const [payOnce, someone] = [addressOf("PayOnce"), addressOf("someone")];

function selectorsOf(abi: Abi): ReadonlySet<string> {
  return new Set(abi.flatMap((item) => (item.type === "function" ? toFunctionSelector(item) : [])));
}

const selectorOf = (data: unknown) => (data as string).slice(0, 10);

test("GigStream defect 16: the ABI in use is the compiled contract's", () => {
  expect(payOnceAbi).toEqual(artifact.abi);
});

test("GigStream defect 16: every function that is called is one of the contract that is called", () => {
  const calls = createPayOnceCalls();
  const ofPayOnce = selectorsOf(artifact.abi as Abi);
  for (const data of [
    calls.encodePay([]),
    calls.encodeVoid([]),
    nameOperatorCall(payOnce, someone).data,
    revokeOperatorCall(payOnce, someone).data,
  ]) {
    expect(ofPayOnce).toContain(selectorOf(data));
    // The deployed code itself answers to it.
    expect(artifact.deployedBytecode).toContain(selectorOf(data).slice(2));
  }
  const ofToken = selectorsOf(usdc.abi as Abi);
  const reads = [
    token.balanceOf(someone, someone),
    token.allowance(someone, someone, payOnce),
    token.isBlacklisted(someone, someone),
    token.decimals(someone),
    token.symbol(someone),
  ].map(({ call }) => (call.params[0] as { data: Hex }).data);
  for (const data of [...reads, approveCall(someone, payOnce, 1n).data]) {
    expect(ofToken).toContain(selectorOf(data));
  }
});

test("GigStream defect 16: an admin's transaction that is mined and reverted is no success", async () => {
  await using node = await startFakeNode();
  const block = { number: "0x1", hash: `0x${"1".repeat(64)}`, parentHash: `0x${"0".repeat(64)}` };
  const answers: Record<string, unknown> = {
    eth_estimateGas: numberToHex(50_000),
    eth_getBlockByNumber: {
      ...block,
      timestamp: "0x1",
      baseFeePerGas: "0x1",
      gasLimit: "0x1c9c380",
    },
    eth_getTransactionCount: "0x0",
    eth_sendRawTransaction: `0x${"2".repeat(64)}`,
    eth_getTransactionReceipt: { status: "0x0", blockNumber: "0x1", contractAddress: null },
  };
  node.say = ({ method }) => ({ result: answers[method] });
  const deps = { rpc: createRpc({ urls: [node.url] }), chainId: 5042002 };
  const call = () =>
    sendAdminCall(
      deps,
      localSigner(`0x${"3".repeat(64)}`),
      nameOperatorCall(payOnce, someone),
      AbortSignal.timeout(10_000),
    );
  await expect(call()).rejects.toMatchObject({ code: "CHAIN_REJECTED", disposition: "reject" });
  answers["eth_getTransactionReceipt"] = { status: "0x1", blockNumber: "0x1" };
  expect(await call()).toMatchObject({ blockNumber: 1n });
});
