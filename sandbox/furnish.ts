import type { Address, Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import type { Chain } from "./chain/start-chain.ts";
import { circleControl } from "./circle/control-client.ts";
import { serviceLogin } from "./postgres/service-login.ts";
import type { Parts } from "./start-parts.ts";

/** What a treasury holds at the start, in micro-units: enough for a hundred thousand ordinary payments. */
const TREASURY_MICRO = 10_000_000_000_000n;
/** For the gas of a long run, in wei of the native coin: 10,000 USDC. */
const GAS_WEI = 10_000n * 10n ** 18n;

export interface WorldOptions {
  /** How many platforms pay, each from a wallet of its own; two unless told. */
  readonly treasuries?: number;
  /** How many wallets the arc rail sends from; two unless told. */
  readonly arcOperators?: number;
}

export interface KeyedWallet {
  readonly address: Address;
  readonly privateKey: Hex;
}

export interface World {
  /** An empty database for the service, as its owner. */
  readonly databaseUrl: string;
  /** The same with the service's own login, once it is migrated. */
  readonly serviceDatabaseUrl: string;
  /** Our instance, with the operators of both rails named; its admin is the chain's. */
  readonly payOnce: Address;
  /** The platforms' wallets, rich in both tokens and with an allowance to PayOnce. */
  readonly treasuries: readonly KeyedWallet[];
  readonly arcOperators: readonly KeyedWallet[];
}

/** Makes what a service expects to find: its database, PayOnce with its operators, and platforms that can pay. */
export async function furnish(
  parts: Pick<Parts, "chain" | "circle" | "postgres">,
  options: WorldOptions,
): Promise<World> {
  const { chain, circle, postgres } = parts;
  const arcOperators = newWallets(options.arcOperators ?? 2);
  const treasuries = newWallets(options.treasuries ?? 2);
  const operators = [...circle.operatorWallets, ...arcOperators].map(({ address }) => address);
  const control = circleControl(circle.controlUrl);
  const [databaseUrl, payOnce] = await Promise.all([
    postgres.createDatabase("gigstream"),
    furnishChain(chain, { operators, treasuries }),
  ]);
  // Plain transfers go out from the platforms' own wallets, which are then Circle's.
  for (const { privateKey } of treasuries) await control.importWallet(privateKey);
  const serviceDatabaseUrl = await serviceLogin(databaseUrl);
  return { databaseUrl, serviceDatabaseUrl, payOnce, treasuries, arcOperators };
}

/** Deploys PayOnce with these operators, and gives everyone what they need; answers the instance's address. */
export async function furnishChain(
  chain: Pick<Chain, "admin" | "deployPayOnce" | "fund" | "approve">,
  wallets: { readonly operators: readonly Address[]; readonly treasuries: readonly KeyedWallet[] },
): Promise<Address> {
  const { operators, treasuries } = wallets;
  const payOnce = await chain.deployPayOnce({ admin: chain.admin.address, operators });
  for (const address of operators) await chain.fund(address, { native: GAS_WEI });
  const rich = { native: GAS_WEI, usdc: TREASURY_MICRO, eurc: TREASURY_MICRO };
  for (const { address, privateKey } of treasuries) {
    await chain.fund(address, rich);
    await chain.approve(privateKey, "USDC", payOnce, TREASURY_MICRO);
    await chain.approve(privateKey, "EURC", payOnce, TREASURY_MICRO);
  }
  return payOnce;
}

function newWallets(count: number): KeyedWallet[] {
  return Array.from({ length: count }, () => walletOf(generatePrivateKey()));
}

export function walletOf(privateKey: Hex): KeyedWallet {
  return { address: privateKeyToAccount(privateKey).address, privateKey };
}
