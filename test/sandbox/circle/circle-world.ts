import { randomUUID } from "node:crypto";
import {
  initiateDeveloperControlledWalletsClient,
  type CircleDeveloperControlledWalletsClient,
} from "@circle-fin/developer-controlled-wallets";
import { createPublicClient, erc20Abi, http, parseUnits, type Address, type Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { startChain, type Chain } from "../../../sandbox/chain/start-chain.ts";
import { circleControl, type CircleControl } from "../../../sandbox/circle/control-client.ts";
import type { FaultSpec } from "../../../sandbox/circle/control/fault-spec.ts";
import type { SettingsPatch } from "../../../sandbox/circle/control/settings.ts";
import { startCircle, type CircleEmulator } from "../../../sandbox/circle/start-circle.ts";

/** Quick, and without limits, so that a test waits only for what it is about. */
export const QUICK: SettingsPatch = {
  latency: {
    sentMs: { min: 20, max: 60 },
    answerMs: { min: 0, max: 2 },
    completeMs: { min: 0, max: 5 },
  },
  rate: { enabled: false },
};

const GIVE_UP_MS = 20_000;
const POLL_MS = 15;

export interface CircleWorld extends AsyncDisposable {
  readonly chain: Chain;
  readonly circle: CircleEmulator;
  readonly sdk: CircleDeveloperControlledWalletsClient;
  readonly control: CircleControl;
  readonly wallet: CircleEmulator["operatorWallets"][number];
}

/** The emulated chain and an emulator on it, its wallets rich, and the unmodified SDK. */
export async function startCircleWorld(walletCount = 1): Promise<CircleWorld> {
  const chain = await startChain({ blockTimeMs: 200 });
  const circle = await startCircle({
    rpcUrl: chain.rpcUrl,
    chainId: chain.chainId,
    walletCount,
    settings: QUICK,
    seed: 1,
  });
  for (const { address } of circle.operatorWallets) {
    await chain.fund(address, { usdc: parseUnits("1000", 6), native: parseUnits("100", 18) });
  }
  const [wallet] = circle.operatorWallets;
  if (wallet === undefined) throw new Error("no wallet");
  return {
    chain,
    circle,
    sdk: sdkOf(circle),
    control: circleControl(circle.controlUrl),
    wallet,
    async [Symbol.asyncDispose]() {
      await circle.stop();
      await chain.stop();
    },
  };
}

export function sdkOf(
  { apiKey, entitySecret, baseUrl }: Pick<CircleEmulator, "apiKey" | "entitySecret" | "baseUrl">,
  changes: { apiKey?: string; entitySecret?: string } = {},
): CircleDeveloperControlledWalletsClient {
  return initiateDeveloperControlledWalletsClient({ apiKey, entitySecret, baseUrl, ...changes });
}

export const MEDIUM = { type: "level", config: { feeLevel: "MEDIUM" } } as const;

/** Fixed fees: no estimate, so a call that reverts reaches the chain. */
export const ABSOLUTE = {
  type: "absolute",
  config: { gasLimit: "200000", maxFee: "100", priorityFee: "1" },
} as const;

/** A transfer of USDC to a fresh address, under a fresh key unless told otherwise. */
export function transferOf(
  { chain, wallet }: Pick<CircleWorld, "chain" | "wallet">,
  changes: { amount?: string; to?: string; key?: string; walletId?: string; refId?: string } = {},
) {
  return {
    walletId: changes.walletId ?? wallet.id,
    tokenAddress: chain.tokens.USDC,
    amount: [changes.amount ?? "1"],
    destinationAddress: changes.to ?? freshAddress(),
    idempotencyKey: changes.key ?? randomUUID(),
    refId: changes.refId ?? "",
    fee: MEDIUM,
  };
}

/** Sends a transfer and answers its id. */
export async function transfer(
  world: CircleWorld,
  changes: Parameters<typeof transferOf>[1] = {},
): Promise<string> {
  const answer = await world.sdk.createTransaction(transferOf(world, changes));
  return answer.data?.id ?? "";
}

/** Waits, through the SDK's own waiter, until a transaction shows this state. */
export async function shown(
  { sdk }: Pick<CircleWorld, "sdk">,
  id: string,
  waitForState: "SENT" | "COMPLETE" | "FAILED" | "DENIED" | "CANCELLED" | "STUCK",
) {
  const signal = AbortSignal.timeout(GIVE_UP_MS);
  const answer = await sdk.getTransaction({ id, waitForState, pollingInterval: POLL_MS, signal });
  const transaction = answer.data?.transaction;
  if (transaction === undefined) throw new Error("no transaction in the answer");
  return transaction;
}

/** Waits until something holds; fails the test if it never does. */
export async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + GIVE_UP_MS;
  while (Date.now() < end) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error("it never came true");
}

/** What only the emulator knows of a transaction. */
export async function inside({ control }: CircleWorld, id: string) {
  const found = (await control.transactions()).find((transaction) => transaction.id === id);
  if (found === undefined) throw new Error(`the emulator knows no transaction ${id}`);
  return found;
}

export function usdcOf({ chain }: CircleWorld, owner: string): Promise<bigint> {
  return clientOf(chain).readContract({
    address: chain.tokens.USDC,
    abi: erc20Abi,
    functionName: "balanceOf",
    args: [owner as Address],
  });
}

export function receiptOf({ chain }: CircleWorld, hash: string) {
  return clientOf(chain).getTransactionReceipt({ hash: hash as Hex });
}

export function clientOf({ rpcUrl }: Pick<Chain, "rpcUrl">) {
  return createPublicClient({ transport: http(rpcUrl) });
}

export function freshAddress(): Address {
  return privateKeyToAddress(generatePrivateKey());
}

/** The error a call of the SDK ends with; fails the test if it succeeds. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ status?: number; code?: unknown }> {
  return call.then(
    () => {
      throw new Error("the call was expected to be refused");
    },
    (error: { status?: number; code?: unknown }) => error,
  );
}

/** Queues a fault for the POSTs that create a transfer. */
export function onTransfer({ control }: CircleWorld, fault: FaultSpec): Promise<string> {
  return control.inject({
    ...fault,
    match: { ...fault.match, path: "/developer/transactions/transfer" },
  });
}
