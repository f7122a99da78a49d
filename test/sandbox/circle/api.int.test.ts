import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  freshAddress,
  refusal,
  sdkOf,
  startCircleWorld,
  transferOf,
  type CircleWorld,
} from "./circle-world.ts";

let world: CircleWorld;
beforeAll(async () => {
  world = await startCircleWorld(2);
});
afterAll(() => world[Symbol.asyncDispose]());

/** The raw answer, for what the SDK hides. */
async function raw(method: string, path: string, body?: unknown, headers = {}) {
  const answer = await fetch(`${world.circle.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${world.circle.apiKey}`, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, never> };
}

describe("the entity secret", () => {
  it("is accepted when the SDK encrypted it with the served key", async () => {
    const key = (await world.sdk.getPublicKey()).data?.publicKey;
    expect(key).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    const { status, data } = await world.sdk.createTransaction(transferOf(world));
    expect(status).toBe(201);
    expect(data).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), state: "INITIATED" });
  });

  it("is refused with 156013 when it is another one", async () => {
    const stranger = sdkOf(world.circle, { entitySecret: "11".repeat(32) });
    expect(await refusal(stranger.createTransaction(transferOf(world)))).toMatchObject({
      code: 156013,
    });
  });

  it("is refused with 156004 when the very ciphertext came before, whatever the request", async () => {
    const entitySecretCiphertext = await world.sdk.generateEntitySecretCiphertext();
    const post = (name: string) =>
      raw("POST", "/v1/w3s/developer/walletSets", {
        entitySecretCiphertext,
        name,
        idempotencyKey: randomUUID(),
      });
    expect((await post("first")).status).toBe(201);
    expect((await post("second")).body).toMatchObject({ code: 156004 });
  });
});

describe("who may call", () => {
  it("must send the account's key as Bearer", async () => {
    const stranger = sdkOf(world.circle, { apiKey: "TEST_API_KEY:no:body" });
    expect(await refusal(stranger.listTransactions())).toMatchObject({ status: 401 });
    expect(
      (await raw("GET", "/v1/w3s/transactions", undefined, { authorization: "" })).status,
    ).toBe(401);
  });
});

describe("malformed requests", () => {
  it.each([
    ["a key that is no UUID", { idempotencyKey: "payment-1" }, "idempotencyKey"],
    ["a wallet id that is no UUID", { walletId: "wallet-1" }, "walletId"],
    ["a missing destination", { destinationAddress: undefined }, "destinationAddress"],
    ["amounts that are no list", { amounts: "1" }, "amounts"],
  ])("name the field: %s", async (_, change, field) => {
    const { amount, fee, ...rest } = transferOf(world);
    const answer = await raw("POST", "/v1/w3s/developer/transactions/transfer", {
      ...rest,
      amounts: amount,
      ...fee.config,
      entitySecretCiphertext: await world.sdk.generateEntitySecretCiphertext(),
      ...change,
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 2, errors: [{ field, location: "body" }] },
    });
  });

  it.each([
    ["an amount with too many decimals", { amount: "0.0000001" }, 155241],
    ["an amount of nothing", { amount: "0" }, 155221],
    ["an amount that is no number", { amount: "1e3" }, 155224],
    ["a destination that is no address", { to: "0x12" }, 155219],
    ["the zero address", { to: `0x${"0".repeat(40)}` }, 155219],
    ["a wallet that nobody knows", { walletId: randomUUID() }, 156001],
  ])("have codes of their own: %s", async (_, change, code) => {
    const error = await refusal(world.sdk.createTransaction(transferOf(world, change)));
    expect(error).toMatchObject({ code });
  });

  it.each([
    ["gasLimit without prices", { gasLimit: "100000" }, 155235],
    ["no fee at all", {}, 155231],
    ["a tip above the whole price", { gasLimit: "100000", maxFee: "1", priorityFee: "2" }, 155237],
    ["a level and prices", { feeLevel: "LOW", maxFee: "30", priorityFee: "1" }, 155236],
    [
      "more than one native token of gas",
      { gasLimit: "30000000", maxFee: "100", priorityFee: "1" },
      155211,
    ],
  ])("fees: %s", async (_, config, code) => {
    const { fee: __, ...rest } = transferOf(world);
    const fee = { type: "absolute", config } as never;
    expect(await refusal(world.sdk.createTransaction({ ...rest, fee }))).toMatchObject({ code });
  });

  it("bind no idempotency key, so that the mended request may use it", async () => {
    const key = randomUUID();
    const bad = transferOf(world, { key, amount: "0" });
    expect(await refusal(world.sdk.createTransaction(bad))).toMatchObject({ code: 155221 });
    expect((await world.sdk.createTransaction({ ...bad, amount: ["1"] })).status).toBe(201);
  });
});

describe("what is not there", () => {
  it("has the code of its kind", async () => {
    const id = randomUUID();
    expect(await refusal(world.sdk.getTransaction({ id }))).toMatchObject({
      status: 404,
      code: 156003,
    });
    expect(await refusal(world.sdk.getWallet({ id }))).toMatchObject({ status: 404, code: 156001 });
    expect(await refusal(world.sdk.getToken({ id }))).toMatchObject({ status: 404, code: 156002 });
    expect(await refusal(world.sdk.getWalletSet({ id }))).toMatchObject({
      status: 404,
      code: 156005,
    });
    expect(await refusal(world.sdk.getTransaction({ id: "x" }))).toMatchObject({ code: 156009 });
  });
});

describe("wallets", () => {
  it("are created, listed by page and read, with balances from the chain", async () => {
    const set = await world.sdk.createWalletSet({ name: "workers" });
    const walletSetId = set.data?.walletSet.id ?? "";
    const made = await world.sdk.createWallets({
      walletSetId,
      blockchains: ["ARC-TESTNET"],
      count: 3,
    });
    const ids = made.data?.wallets.map(({ id }) => id) ?? [];
    expect(new Set(ids).size).toBe(3);

    const first = await world.sdk.listWallets({ walletSetId, pageSize: 2, order: "ASC" });
    const cursor = first.data?.wallets.at(-1)?.id ?? "";
    const rest = await world.sdk.listWallets({ walletSetId, pageAfter: cursor, order: "ASC" });
    const paged = [...(first.data?.wallets ?? []), ...(rest.data?.wallets ?? [])];
    expect(paged.map(({ id }) => id)).toEqual(ids);

    const own = await world.sdk.getWallet({ id: world.wallet.id });
    expect(own.data?.wallet).toMatchObject({
      address: world.wallet.address.toLowerCase(),
      accountType: "EOA",
      blockchain: "ARC-TESTNET",
    });
    const { data } = await world.sdk.getWalletTokenBalance({
      id: world.circle.operatorWallets[1]?.id ?? "",
      tokenAddresses: [world.chain.tokens.USDC],
    });
    expect(data?.tokenBalances?.[0]).toMatchObject({ amount: "1000", token: { decimals: 6 } });
  });

  it("refuse the network that the key is not for", async () => {
    const walletSetId = world.circle.walletSetId;
    const call = world.sdk.createWallets({ walletSetId, blockchains: ["ARC"], count: 1 });
    expect(await refusal(call)).toMatchObject({ code: 156006 });
  });

  it("sign a transaction that the caller built", async () => {
    const { data } = await world.sdk.signTransaction({
      walletId: world.wallet.id,
      transaction: JSON.stringify({
        chainId: world.chain.chainId,
        nonce: 7,
        to: freshAddress(),
        value: "1",
        gas: "21000",
        maxFeePerGas: "30000000000",
        maxPriorityFeePerGas: "1000000000",
      }),
    });
    expect(data).toMatchObject({
      signature: expect.stringMatching(/^0x[0-9a-f]{130}$/),
      txHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    });
  });
});

describe("estimates and addresses", () => {
  it("come from the chain", async () => {
    const { tokenAddress, walletId, amount, destinationAddress } = transferOf(world);
    const { data } = await world.sdk.estimateTransferFee({
      walletId,
      tokenAddress,
      blockchain: "ARC-TESTNET",
      amount: [...amount],
      destinationAddress,
    });
    expect(Number(data?.medium?.gasLimit)).toBeGreaterThan(21_000);
    expect(Number(data?.high?.maxFee)).toBeGreaterThan(Number(data?.low?.maxFee));
    const call = world.sdk.estimateContractExecutionFee({
      source: { walletId },
      contractAddress: tokenAddress,
      abiFunctionSignature: "transfer(address,uint256)",
      abiParameters: [destinationAddress, "99000000000000"],
    });
    expect(await refusal(call)).toMatchObject({ code: 155208 });
  });

  it("are checked", async () => {
    const validate = async (address: string) =>
      (await world.sdk.validateAddress({ address, blockchain: "ARC-TESTNET" })).data?.isValid;
    expect(await validate(freshAddress())).toBe(true);
    expect(await validate("0x12")).toBe(false);
  });
});
