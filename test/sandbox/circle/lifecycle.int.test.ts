import { encodeFunctionData, erc20Abi, parseUnits } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  ABSOLUTE,
  clientOf,
  eventually,
  freshAddress,
  inside,
  MEDIUM,
  onTransfer,
  receiptOf,
  refusal,
  shown,
  startCircleWorld,
  transfer,
  transferOf,
  usdcOf,
  type CircleWorld,
} from "./circle-world.ts";

let world: CircleWorld;
beforeAll(async () => {
  world = await startCircleWorld(3);
});
afterEach(() => world.control.reset());
afterAll(() => world[Symbol.asyncDispose]());

const transferData = (to: `0x${string}`, amount: bigint) =>
  encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, amount] });

describe("a transfer", () => {
  it("goes INITIATED, QUEUED and CLEARED, SENT, COMPLETE, and never CONFIRMED", async () => {
    const orders = await Promise.all(Array.from({ length: 6 }, () => transfer(world)));
    for (const id of orders) await shown(world, id, "COMPLETE");
    const seen = await Promise.all(orders.map(async (id) => (await inside(world, id)).states));
    for (const states of seen) {
      expect([states[0], ...states.slice(3)]).toEqual(["INITIATED", "SENT", "COMPLETE"]);
      expect(states.slice(1, 3).sort()).toEqual(["CLEARED", "QUEUED"]);
    }
    const orderSeen = new Set(seen.map((states) => states[1]));
    expect(orderSeen).toEqual(new Set(["CLEARED", "QUEUED"]));
  });

  it("ends with the hash, block and fee of a real transaction that moved the money", async () => {
    const order = transferOf(world, { amount: "1.25", refId: "payment 7" });
    const { data } = await world.sdk.createTransaction(order);
    const shownAtEnd = await shown(world, data?.id ?? "", "COMPLETE");
    const receipt = await receiptOf(world, shownAtEnd.txHash ?? "");
    expect(receipt.status).toBe("success");
    expect(shownAtEnd).toMatchObject({
      blockHash: receipt.blockHash,
      blockHeight: Number(receipt.blockNumber),
      refId: "payment 7",
      amounts: ["1.25"],
      operation: "TRANSFER",
      transactionType: "OUTBOUND",
      sourceAddress: world.wallet.address,
      errorReason: "",
    });
    expect(Number(shownAtEnd.networkFee)).toBeGreaterThan(0);
    expect(await usdcOf(world, order.destinationAddress)).toBe(1_250_000n);
  });

  it("of the native coin leaves the token out", async () => {
    const to = freshAddress();
    const { tokenAddress: _, ...rest } = transferOf(world, { to, amount: "0.5" });
    const order = { ...rest, tokenAddress: "", amount: ["0.5"] };
    const { data } = await world.sdk.createTransaction(order);
    await shown(world, data?.id ?? "", "COMPLETE");
    expect(await clientOf(world.chain).getBalance({ address: to })).toBe(parseUnits("0.5", 18));
  });

  it("to the token itself, or to a listed address, is DENIED and never sent", async () => {
    const own = await transfer(world, { to: world.chain.tokens.USDC });
    expect(await shown(world, own, "DENIED")).toMatchObject({ txHash: "" });
    const to = freshAddress();
    await world.control.configure({ denylist: [to] });
    const listed = await shown(world, await transfer(world, { to }), "DENIED");
    expect(listed.transactionScreeningEvaluation).toMatchObject({ actions: ["DENY"] });
  });

  it("of more than the wallet holds fails with INSUFFICIENT_TOKEN after it was accepted", async () => {
    const id = await transfer(world, { amount: "5000000" });
    const failed = await shown(world, id, "FAILED");
    expect(failed).toMatchObject({ errorReason: "INSUFFICIENT_TOKEN", txHash: "" });
  });

  it("from a wallet without native coin fails with INSUFFICIENT_NATIVE_TOKEN", async () => {
    const { walletSetId } = world.circle;
    const made = await world.sdk.createWallets({
      walletSetId,
      blockchains: ["ARC-TESTNET"],
      count: 1,
    });
    const [poor] = made.data?.wallets ?? [];
    const { tokenAddress: _, ...rest } = transferOf(world, { walletId: poor?.id ?? "" });
    const order = { ...rest, tokenAddress: "", amount: ["0.1"] };
    const { data } = await world.sdk.createTransaction(order);
    const failed = await shown(world, data?.id ?? "", "FAILED");
    expect(failed).toMatchObject({ errorReason: "INSUFFICIENT_NATIVE_TOKEN", txHash: "" });
  });
});

describe("a contract execution", () => {
  it("does the same by call data and by signature with parameters", async () => {
    const to = freshAddress();
    const base = {
      walletId: world.wallet.id,
      contractAddress: world.chain.tokens.USDC,
      fee: MEDIUM,
    };
    const byData = await world.sdk.createContractExecutionTransaction({
      ...base,
      callData: transferData(to, 1_000_000n),
    });
    const byAbi = await world.sdk.createContractExecutionTransaction({
      ...base,
      abiFunctionSignature: "transfer(address,uint256)",
      abiParameters: [to, "2000000"],
    });
    for (const { data } of [byData, byAbi]) {
      const { operation } = await shown(world, data?.id ?? "", "COMPLETE");
      expect(operation).toBe("CONTRACT_EXECUTION");
    }
    expect(await usdcOf(world, to)).toBe(3_000_000n);
  });

  it("takes a wallet by its address, and native coin along", async () => {
    const to = freshAddress();
    const { data } = await world.sdk.createContractExecutionTransaction({
      walletAddress: world.wallet.address,
      blockchain: "ARC-TESTNET",
      contractAddress: to,
      callData: "0x",
      amount: "0.25",
      fee: MEDIUM,
    });
    await shown(world, data?.id ?? "", "COMPLETE");
    expect(await clientOf(world.chain).getBalance({ address: to })).toBe(parseUnits("0.25", 18));
  });

  it("that would revert fails in the estimate, without a hash and without using a nonce", async () => {
    const nonce = () => clientOf(world.chain).getTransactionCount(world.wallet);
    const before = await nonce();
    const { data } = await world.sdk.createContractExecutionTransaction({
      walletId: world.wallet.id,
      contractAddress: world.chain.tokens.USDC,
      callData: transferData(freshAddress(), parseUnits("1", 30)),
      fee: MEDIUM,
    });
    const failed = await shown(world, data?.id ?? "", "FAILED");
    expect(failed).toMatchObject({ errorReason: "ESTIMATION_ERROR", txHash: "" });
    expect(failed.errorDetails).toContain("revert");
    expect(await nonce()).toBe(before);
  });

  it("with gas and prices fixed is not estimated: it reverts on chain and ends FAILED with its hash", async () => {
    const { data } = await world.sdk.createContractExecutionTransaction({
      walletId: world.wallet.id,
      contractAddress: world.chain.tokens.USDC,
      callData: transferData(freshAddress(), parseUnits("1", 30)),
      fee: ABSOLUTE,
    });
    const failed = await shown(world, data?.id ?? "", "FAILED");
    const { status } = await receiptOf(world, failed.txHash ?? "");
    expect(status).toBe("reverted");
    const sent = await clientOf(world.chain).getTransaction({
      hash: failed.txHash as `0x${string}`,
    });
    expect([sent.gas, sent.maxFeePerGas, sent.maxPriorityFeePerGas]).toEqual([
      200_000n,
      parseUnits("100", 9),
      parseUnits("1", 9),
    ]);
  });

  it("given both ways, or neither, is refused", async () => {
    const post = (fields: object) =>
      refusal(
        world.sdk.createContractExecutionTransaction({
          walletId: world.wallet.id,
          contractAddress: freshAddress(),
          fee: MEDIUM,
          ...fields,
        } as never),
      );
    const abi = { abiFunctionSignature: "f(uint256)", abiParameters: ["1"] };
    expect(await post({ callData: "0x", ...abi })).toMatchObject({ code: 155247 });
    expect(await post({})).toMatchObject({ code: 155230 });
    expect(await post({ ...abi, abiParameters: ["one"] })).toMatchObject({ code: 155209 });
  });
});

describe("the nonces of a wallet", () => {
  it("have no gap under a burst over several wallets, and a slow transaction delays nobody", async () => {
    await onTransfer(world, {
      kind: "executeLate",
      delayMs: 30_000,
      match: { walletId: world.wallet.id },
    });
    const slow = await transfer(world);
    const wallets = world.circle.operatorWallets.map(({ id }) => id);
    const quick = await Promise.all(
      Array.from({ length: 36 }, (_, n) => transfer(world, { walletId: wallets[n % 3] ?? "" })),
    );
    for (const id of quick) await shown(world, id, "COMPLETE");
    expect(["QUEUED", "CLEARED", "INITIATED"]).toContain((await inside(world, slow)).state);
    await world.sdk.cancelTransaction({ id: slow });
    for (const walletId of wallets) {
      const { executions } = await world.control.stats();
      const nonces = executions.filter((e) => e.walletId === walletId).map(({ nonce }) => nonce);
      const first = nonces[0] ?? 0;
      expect(nonces).toEqual(nonces.map((_, index) => first + index));
    }
  });

  it("are reused when the node refuses a transaction", async () => {
    const walletId = world.wallet.id;
    const rest = transferOf(world);
    const starved = {
      type: "absolute",
      config: { gasLimit: "10", maxFee: "30", priorityFee: "1" },
    } as const;
    const refused = await world.sdk.createTransaction({ ...rest, fee: starved });
    const failed = await shown(world, refused.data?.id ?? "", "FAILED");
    expect(failed).toMatchObject({ txHash: "" });
    const next = await transfer(world, { walletId });
    await shown(world, next, "COMPLETE");
  });
});

describe("reading", () => {
  it("lists by wallet, state, hash, destination and time, page by page, newest first", async () => {
    const walletIds = [world.circle.operatorWallets[2]?.id ?? ""];
    const from = new Date().toISOString();
    const to = freshAddress();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      ids.push(
        await transfer(world, { walletId: walletIds[0] ?? "", to: n === 0 ? to : freshAddress() }),
      );
    }
    for (const id of ids) await shown(world, id, "COMPLETE");
    const list = async (filter: object) =>
      (await world.sdk.listTransactions({ walletIds, from, ...filter })).data?.transactions ?? [];
    const idsOf = async (filter: object) => (await list(filter)).map(({ id }) => id);

    expect(await idsOf({})).toEqual(ids.toReversed());
    expect(await idsOf({ order: "ASC" })).toEqual(ids);
    expect(await idsOf({ destinationAddress: to })).toEqual([ids[0]]);
    expect(await idsOf({ state: "SENT" })).toEqual([]);
    expect(await idsOf({ to: from })).toEqual([]);
    const [{ txHash } = {}] = await list({ destinationAddress: to });
    expect(await idsOf({ txHash })).toEqual([ids[0]]);

    const newestTwo = await idsOf({ pageSize: 2 });
    expect(newestTwo).toEqual([ids[4], ids[3]]);
    expect(await idsOf({ pageSize: 2, pageAfter: ids[3] })).toEqual([ids[2], ids[1]]);
    expect(await idsOf({ pageSize: 2, pageBefore: ids[1] })).toEqual([ids[3], ids[2]]);
    expect(await refusal(list({ pageAfter: "x" }))).toMatchObject({ code: 156014 });
    expect(await refusal(list({ pageAfter: walletIds[0] }))).toMatchObject({ code: 156012 });
  });
});

describe("stopping and hastening", () => {
  it("cancels at once what was not sent yet", async () => {
    await onTransfer(world, { kind: "executeLate", delayMs: 30_000 });
    const order = transferOf(world);
    const id = (await world.sdk.createTransaction(order)).data?.id ?? "";
    expect((await world.sdk.cancelTransaction({ id })).data).toEqual({ id, state: "CANCELLED" });
    expect(await refusal(world.sdk.cancelTransaction({ id }))).toMatchObject({ code: 155229 });
    expect((await inside(world, id)).sent).toEqual([]);
  });

  it("shows the head of a stuck line; accelerating it frees all that wait behind", async () => {
    const walletId = world.wallet.id;
    await onTransfer(world, { kind: "forceState", state: "STUCK", executed: false });
    const head = await transfer(world);
    await shown(world, head, "STUCK");
    const behind = [await transfer(world), await transfer(world)];
    for (const id of behind) await shown(world, id, "SENT");

    const lowest = await world.sdk.getLowestNonceTransaction({ walletId });
    expect(lowest.data?.transaction.id).toBe(head);
    expect(Number(lowest.data?.feeInfo.newHighEstimatedFee.maxFee)).toBeGreaterThan(0);
    await world.sdk.accelerateTransaction({ id: head });
    for (const id of [head, ...behind]) {
      await eventually(async () => (await inside(world, id)).state === "COMPLETE");
    }
    expect((await inside(world, head)).sent.map(({ kind }) => kind)).toEqual([
      "original",
      "accelerated",
    ]);
    expect(await refusal(world.sdk.accelerateTransaction({ id: head }))).toMatchObject({
      code: 155229,
    });
  });

  it("cancels a stuck one by taking its nonce, and pays nobody", async () => {
    await onTransfer(world, { kind: "forceState", state: "STUCK", executed: false });
    const order = transferOf(world);
    const id = (await world.sdk.createTransaction(order)).data?.id ?? "";
    await shown(world, id, "STUCK");
    const next = await transfer(world);
    await world.sdk.cancelTransaction({ id });
    await eventually(async () => (await inside(world, id)).state === "CANCELLED");
    await shown(world, next, "COMPLETE");
    expect(await usdcOf(world, order.destinationAddress)).toBe(0n);
  });
});
