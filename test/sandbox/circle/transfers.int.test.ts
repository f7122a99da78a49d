import { parseUnits } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  freshAddress,
  shown,
  startCircleWorld,
  transfer,
  type CircleWorld,
} from "./circle-world.ts";

let world: CircleWorld;
beforeAll(async () => {
  world = await startCircleWorld(2);
});
afterAll(() => world[Symbol.asyncDispose]());

test("a transfer keeps its refId and destination in lists, which filter by wallet, destination and time, but not by refId", async () => {
  const to = freshAddress();
  const from = new Date(Date.now() - 1_000).toISOString();
  const id = await transfer(world, { to, refId: "mine" });
  await transfer(world, { refId: "to somebody else" });
  const other = world.circle.operatorWallets[1]?.id ?? "";
  const listed = async (query: { from?: string; walletIds?: string[] }) => {
    const filter = { destinationAddress: to, walletIds: [world.wallet.id], ...query };
    return (await world.sdk.listTransactions(filter)).data?.transactions ?? [];
  };

  const [found, ...more] = await listed({ from });
  expect(more).toEqual([]);
  expect(found).toMatchObject({ id, refId: "mine", amounts: ["1"] });
  expect(found?.destinationAddress).toBe(to.toLowerCase());
  expect(await listed({ from: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
  expect(await listed({ walletIds: [other] })).toEqual([]);
});

test("a wallet that was brought in by its key is the account's, and sends transfers", async () => {
  const privateKey = generatePrivateKey();
  const address = privateKeyToAddress(privateKey);
  await world.chain.fund(address, { usdc: parseUnits("5", 6), native: parseUnits("5", 18) });

  const walletId = await world.control.importWallet(privateKey);

  const { data } = await world.sdk.listWallets({ address, blockchain: "ARC-TESTNET" });
  expect(data?.wallets).toMatchObject([{ id: walletId, state: "LIVE" }]);
  const id = await transfer(world, { walletId });
  expect(await shown(world, id, "COMPLETE")).toMatchObject({
    sourceAddress: expect.stringMatching(new RegExp(address, "i")),
  });
});
