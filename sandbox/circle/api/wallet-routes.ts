import { formatUnits } from "viem";
import { z } from "zod";
import type { ChainClient } from "../chain/chain-client.ts";
import { circleDate } from "../ids.ts";
import { tokenView, type Token, type TokenRegistry } from "../wallets/token-registry.ts";
import {
  blockchainOf,
  walletSetView,
  walletView,
  type Wallet,
  type WalletStore,
} from "../wallets/wallet-store.ts";
import { circleError } from "./circle-error.ts";
import { pageItems, pageOf } from "./page.ts";
import { idOf, queryOf, signed, uuid } from "./parse.ts";
import type { ApiAnswer, ApiRequest, Route } from "./route.ts";
import { answerSigned, type SignedDeps } from "./signed-request.ts";

const WALLETS_PER_REQUEST_MAX = 200;

const walletSetBody = z.object({ ...signed, name: z.string().optional() });
const walletsBody = z.object({
  ...signed,
  blockchains: z.array(z.string()).min(1),
  count: z.int().min(1).max(WALLETS_PER_REQUEST_MAX).default(1),
  walletSetId: uuid,
  accountType: z.literal("EOA").optional(),
  metadata: z
    .array(z.object({ name: z.string().optional(), refId: z.string().optional() }))
    .optional(),
});

export interface WalletRouteDeps extends SignedDeps {
  readonly chain: ChainClient;
  readonly wallets: WalletStore;
  readonly tokens: TokenRegistry;
}

/** The endpoints of wallet sets, wallets, their balances and tokens. */
export function walletRoutes(deps: WalletRouteDeps): Route[] {
  const { wallets, tokens, chain } = deps;
  return [
    {
      method: "POST",
      template: "/v1/w3s/developer/walletSets",
      handle: (request) =>
        answerSigned(deps, request, {
          schema: walletSetBody,
          resolve: () => undefined,
          act: (_, { name }) => ({ walletSet: walletSetView(wallets.createSet(name ?? "")) }),
        }),
    },
    {
      method: "GET",
      template: "/v1/w3s/walletSets/:id",
      handle: ({ params }) => {
        const walletSet = walletSetView(wallets.getSet(idOf(params)));
        return { status: 200, data: { walletSet } };
      },
    },
    {
      method: "POST",
      template: "/v1/w3s/developer/wallets",
      fast: true,
      handle: (request) => createWallets(deps, request),
    },
    { method: "GET", template: "/v1/w3s/wallets", handle: ({ query }) => listWallets(deps, query) },
    {
      method: "GET",
      template: "/v1/w3s/wallets/:id",
      handle: ({ params }) => {
        const wallet = walletView(wallets.get(idOf(params)));
        return { status: 200, data: { wallet } };
      },
    },
    {
      method: "GET",
      template: "/v1/w3s/wallets/:id/balances",
      handle: ({ params, query }) => balances(deps, wallets.get(idOf(params)), query),
    },
    {
      method: "GET",
      template: "/v1/w3s/tokens/:id",
      handle: ({ params }) => {
        const token = tokenView(tokens.byId(idOf(params)), chain.chainId);
        return { status: 200, data: { token } };
      },
    },
  ];
}

function createWallets(deps: WalletRouteDeps, request: ApiRequest): Promise<ApiAnswer> {
  return answerSigned(deps, request, {
    schema: walletsBody,
    resolve: () => undefined,
    act: (_, { blockchains, count, walletSetId, metadata }) => {
      const supported = blockchainOf(deps.chain.chainId);
      if (blockchains.some((name) => name === otherNetwork(supported))) throw circleError(156006);
      if (blockchains.some((name) => name !== supported)) throw circleError(156027);
      if (metadata !== undefined && metadata.length !== count) throw circleError(155503);
      deps.wallets.getSet(walletSetId);
      const made = Array.from({ length: count }, (_, index) =>
        deps.wallets.create({ walletSetId, ...metadata?.[index] }),
      );
      return { wallets: made.map(walletView) };
    },
  });
}

function listWallets({ wallets }: WalletRouteDeps, search: URLSearchParams): ApiAnswer {
  const query = queryOf(search);
  const { address, blockchain, walletSetId, refId } = query;
  const matching = wallets
    .all()
    .filter(
      (wallet) =>
        (address === undefined || wallet.address.toLowerCase() === address.toLowerCase()) &&
        (blockchain === undefined || wallet.blockchain === blockchain) &&
        (walletSetId === undefined || wallet.walletSetId === walletSetId) &&
        (refId === undefined || wallet.refId === refId),
    );
  const page = pageItems(matching, pageOf(query));
  return { status: 200, data: { wallets: page.map(walletView) } };
}

/** Asked for token addresses: those. Otherwise the native token and the known ones, empty ones only with includeAll. */
async function balances(
  { chain, tokens }: WalletRouteDeps,
  wallet: Wallet,
  search: URLSearchParams,
): Promise<ApiAnswer> {
  const query = queryOf(search);
  const addresses = query["tokenAddress"]?.split(",").filter((address) => address !== "");
  const asked = await (addresses === undefined
    ? tokens.listed()
    : Promise.all(addresses.map((address) => tokens.byAddress(address))));
  const named = asked.filter(({ name }) => query["name"] === undefined || name === query["name"]);
  const nowMs = Date.now();
  const all = await Promise.all(
    named.map(async (token) => ({
      amount: formatUnits(await balanceOf(chain, wallet, token), token.decimals),
      token: tokenView(token, chain.chainId),
      updateDate: circleDate(nowMs),
    })),
  );
  const isShown = query["includeAll"] === "true" || addresses !== undefined;
  const tokenBalances = isShown ? all : all.filter(({ amount }) => amount !== "0");
  return { status: 200, data: { tokenBalances } };
}

function balanceOf(chain: ChainClient, { address }: Wallet, token: Token): Promise<bigint> {
  return token.address === undefined
    ? chain.balance(address)
    : chain.tokenBalance(token.address, address);
}

function otherNetwork(blockchain: string): string {
  return blockchain === "ARC" ? "ARC-TESTNET" : "ARC";
}
