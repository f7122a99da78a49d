import { getAddress, isAddress, type Address } from "viem";
import { circleError } from "../api/circle-error.ts";
import { ChainRefusal, type ChainClient } from "../chain/chain-client.ts";
import { circleDate, newId } from "../ids.ts";
import { blockchainOf } from "./wallet-store.ts";

export interface Token {
  readonly id: string;
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
  /** Undefined for the native token. */
  readonly address: Address | undefined;
}

export interface TokenRegistry {
  readonly native: Token;
  /** Throws 156002. */
  byId(id: string): Token;
  /** Asks the chain for the decimals of a token it does not know yet; throws 155239 where there is none. */
  byAddress(address: string): Promise<Token>;
  /** The tokens that balances list without being asked for one. */
  listed(): Promise<readonly Token[]>;
}

const USDC = "0x3600000000000000000000000000000000000000";
const EURC: Readonly<Record<number, Address>> = {
  5042: "0xbEf5f6d51CB62b58e6A8f77868681825C6fe21c1",
  5042002: "0x89B50855Aa3bE2F677cD6303Cec089B5F319D72a",
};

/** Tokens looked up on demand and remembered. */
const TOKENS_MAX = 1_000;

export function createTokenRegistry(chain: ChainClient): TokenRegistry {
  const eurc = EURC[chain.chainId] ?? EURC[5042002];
  const symbols = new Map([
    [USDC.toLowerCase(), "USDC"],
    [eurc?.toLowerCase() ?? "", "EURC"],
  ]);
  const native: Token = {
    id: newId(5),
    name: "USDC",
    symbol: "USDC",
    decimals: 18,
    address: undefined,
  };
  const known = new Map<string, Token>();

  const byAddress = async (text: string): Promise<Token> => {
    if (!isAddress(text, { strict: false })) throw circleError(155239);
    const address = getAddress(text);
    const remembered = known.get(address);
    if (remembered !== undefined) return remembered;
    const decimals = await chain.decimals(address).catch((error: unknown) => {
      throw error instanceof ChainRefusal ? circleError(155239) : error;
    });
    const symbol = symbols.get(address.toLowerCase()) ?? "TOKEN";
    const token = { id: newId(5), name: symbol, symbol, decimals, address };
    if (known.size < TOKENS_MAX) known.set(address, token);
    return token;
  };

  return {
    native,
    byId(id) {
      const token = [native, ...known.values()].find((token) => token.id === id.toLowerCase());
      if (token === undefined) throw circleError(156002);
      return token;
    },
    byAddress,
    async listed() {
      const tokens = await Promise.all(
        [...symbols.keys()].map((address) => byAddress(address).catch(() => undefined)),
      );
      return [native, ...tokens.filter((token) => token !== undefined)];
    },
  };
}

/** A token as Circle writes it. */
export function tokenView(token: Token, chainId: number): Record<string, unknown> {
  return {
    id: token.id,
    name: token.name,
    ...(token.address === undefined ? {} : { standard: "ERC20" }),
    blockchain: blockchainOf(chainId),
    decimals: token.decimals,
    isNative: token.address === undefined,
    symbol: token.symbol,
    tokenAddress: token.address?.toLowerCase() ?? "",
    updateDate: circleDate(0),
    createDate: circleDate(0),
  };
}
