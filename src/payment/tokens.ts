import type { Currency } from "./currency.ts";

/** A currency's token contract, lower-case; both have 6 decimals on Arc. */
export type Tokens = Readonly<Record<Currency, string>>;

/** Source: Arc's published contract addresses (docs.arc.io); USDC is the same native-backed contract on both. */
const TOKENS_BY_CHAIN: Readonly<Record<number, Tokens>> = {
  5042002: {
    USDC: "0x3600000000000000000000000000000000000000",
    EURC: "0x89b50855aa3be2f677cd6303cec089b5f319d72a",
  },
  5042: {
    USDC: "0x3600000000000000000000000000000000000000",
    EURC: "0xbef5f6d51cb62b58e6a8f77868681825c6fe21c1",
  },
};

/** The tokens of an Arc chain; undefined for a chain that is not Arc. */
export function tokensOf(chainId: number): Tokens | undefined {
  return TOKENS_BY_CHAIN[chainId];
}
