import { defineChain, type Address, type Chain as ViemChain } from "viem";

export const ARC_CHAIN_ID = 5_042_002;

/** Where Arc's testnet has them. */
export const TOKENS = {
  USDC: "0x3600000000000000000000000000000000000000",
  EURC: "0x89B50855Aa3bE2F677cD6303Cec089B5F319D72a",
} as const satisfies Record<string, Address>;

export type TokenName = keyof typeof TOKENS;

/** The address that logs native movements on Arc (EIP-7708). */
export const SYSTEM_EMITTER: Address = "0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE";

/** Arc's lowest base fee, in wei; an idle or half-full chain stays there. */
export const MIN_BASE_FEE_WEI = 20_000_000_000n;

/** viem's view of the emulated chain. */
export function arcChain(rpcUrl: string): ViemChain {
  return defineChain({
    id: ARC_CHAIN_ID,
    name: "Arc (emulated)",
    nativeCurrency: { name: "USDC", symbol: "USDC", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
}
