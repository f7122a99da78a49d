import type { Token, TokenRegistry } from "../wallets/token-registry.ts";
import type { Wallet, WalletStore } from "../wallets/wallet-store.ts";
import { circleError } from "./circle-error.ts";

interface SourceFields {
  readonly walletId?: string | undefined;
  readonly walletAddress?: string | undefined;
  readonly blockchain?: string | undefined;
}

/** The wallet a request names, by id or by address and chain, never both. */
export function walletOf(wallets: WalletStore, source: SourceFields): Wallet {
  const { walletId, walletAddress, blockchain } = source;
  if (walletId !== undefined && walletAddress !== undefined) throw circleError(155244);
  if (walletId === undefined && walletAddress === undefined) throw circleError(156001);
  const wallet =
    walletId === undefined ? wallets.byAddress(walletAddress ?? "") : wallets.get(walletId);
  if (blockchain !== undefined && blockchain !== wallet.blockchain) throw circleError(155225);
  return wallet;
}

/** The token a transfer names; the native one where it names none. */
export async function tokenOf(
  tokens: TokenRegistry,
  fields: { readonly tokenId?: string | undefined; readonly tokenAddress?: string | undefined },
): Promise<Token> {
  if (fields.tokenId !== undefined) return tokens.byId(fields.tokenId);
  const isNative = fields.tokenAddress === undefined || fields.tokenAddress === "";
  return isNative ? tokens.native : tokens.byAddress(fields.tokenAddress ?? "");
}
