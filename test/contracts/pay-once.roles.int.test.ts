import {
  BaseError,
  ContractFunctionRevertedError,
  zeroAddress,
  type Address,
  type Hex,
} from "viem";
import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { payOnceAbi } from "../../contracts/pay-once-abi.ts";
import { namesOf, newAddress, startPayOnceWorld, type PayOnceWorld } from "./pay-once-world.ts";

let world: PayOnceWorld;
let stranger: Hex;
beforeAll(async () => {
  world = await startPayOnceWorld();
});
beforeEach(async () => {
  stranger = await newAccount();
});
afterAll(() => world[Symbol.asyncDispose]());

async function newAccount(): Promise<Hex> {
  const key = generatePrivateKey();
  await world.fund(world.addressOf(key));
  return key;
}

type Admin = "nameOperator" | "revokeOperator" | "transferOwnership";

const administer = (key: Hex, functionName: Admin, account: Address) =>
  world.call(key, world.payOnce, { abi: payOnceAbi, functionName, args: [account] });

const ask = (key: Hex, functionName: "acceptOwnership" | "renounceOwnership") =>
  world.call(key, world.payOnce, { abi: payOnceAbi, functionName, args: [] });

const read = (functionName: "owner" | "pendingOwner") =>
  world.anvil.readContract({ address: world.payOnce, abi: payOnceAbi, functionName });

/** The name of the error that `simulate` ends with. */
async function errorOf(simulated: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await simulated.then(
    () => undefined,
    (error: unknown) => error,
  );
  const revert =
    error instanceof BaseError && error.walk((e) => e instanceof ContractFunctionRevertedError);
  return revert instanceof ContractFunctionRevertedError ? revert.data?.errorName : undefined;
}

test("the constructor names its operators, and says so", async () => {
  const logs = await world.anvil.getContractEvents({
    address: world.payOnce,
    abi: payOnceAbi,
    eventName: "OperatorNamed",
    fromBlock: 0n,
  });
  expect(logs[0]?.args).toEqual({ operator: world.addressOf(world.operator) });
  expect(await read("owner")).toBe(world.addressOf(world.admin));
});

test("a stranger, and the admin too, may neither pay nor void", async () => {
  const item = world.payment();
  for (const key of [stranger, world.admin]) {
    expect((await world.pay([item], { key })).reverted).toBe(true);
    expect((await world.void([item], { key })).reverted).toBe(true);
    const simulated = world.anvil.simulateContract({
      account: world.addressOf(key),
      address: world.payOnce,
      abi: payOnceAbi,
      functionName: "pay",
      args: [[item]],
    });
    expect(await errorOf(simulated)).toBe("NotOperator");
  }
  expect(await world.slot(item.id)).toEqual({ paid: false, floor: 0 });
});

test("an operator works from the moment it is named to the moment it is revoked", async () => {
  const operator = world.addressOf(stranger);
  const named = await administer(world.admin, "nameOperator", operator);
  expect(named.outcomes).toEqual([{ name: "OperatorNamed", args: { operator } }]);
  expect(namesOf(await world.pay([world.payment()], { key: stranger }))).toEqual(["Paid"]);

  const revoked = await administer(world.admin, "revokeOperator", operator);
  expect(revoked.outcomes).toEqual([{ name: "OperatorRevoked", args: { operator } }]);
  expect((await world.pay([world.payment()], { key: stranger })).reverted).toBe(true);
  expect((await world.void([world.payment()], { key: stranger })).reverted).toBe(true);
});

test("one operator's payment is closed to every other", async () => {
  await administer(world.admin, "nameOperator", world.addressOf(stranger));
  const item = world.payment();
  await world.pay([item]);
  expect(namesOf(await world.pay([item], { key: stranger }))).toEqual(["Skipped"]);
});

test("only the admin names and revokes: not a stranger, not an operator", async () => {
  for (const key of [stranger, world.operator]) {
    expect((await administer(key, "nameOperator", newAddress())).reverted).toBe(true);
    const operator = world.addressOf(world.operator);
    expect((await administer(key, "revokeOperator", operator)).reverted).toBe(true);
    expect((await administer(key, "transferOwnership", newAddress())).reverted).toBe(true);
  }
  expect(namesOf(await world.pay([world.payment()]))).toEqual(["Paid"]);
});

test("the admin hands over in two steps, and an instance is never left without one", async () => {
  const [oldAdmin, newAdmin] = [world.admin, await newAccount()];
  expect((await ask(oldAdmin, "renounceOwnership")).reverted).toBe(true);

  await administer(oldAdmin, "transferOwnership", world.addressOf(newAdmin));
  expect(await read("owner")).toBe(world.addressOf(oldAdmin));
  expect((await administer(newAdmin, "nameOperator", newAddress())).reverted).toBe(true);
  expect((await ask(stranger, "acceptOwnership")).reverted).toBe(true);

  expect((await ask(newAdmin, "acceptOwnership")).reverted).toBe(false);
  expect([await read("owner"), await read("pendingOwner")]).toEqual([
    world.addressOf(newAdmin),
    zeroAddress,
  ]);
  expect((await administer(oldAdmin, "nameOperator", newAddress())).reverted).toBe(true);
  expect((await administer(newAdmin, "nameOperator", newAddress())).reverted).toBe(false);
});

test("the contract takes no native coin, so none is ever stuck in it", async () => {
  const sent = await world.send(stranger, world.payOnce, "0x", 100_000n);
  expect(sent.reverted).toBe(true);
});
