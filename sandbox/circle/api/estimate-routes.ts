import { isAddress } from "viem";
import { ChainRefusal, type Call, type ChainClient } from "../chain/chain-client.ts";
import { feeLevels } from "../chain/fees.ts";
import { encodeExecution, encodeTransfer } from "../transactions/encode-call.ts";
import type { TokenRegistry } from "../wallets/token-registry.ts";
import type { WalletStore } from "../wallets/wallet-store.ts";
import { circleError } from "./circle-error.ts";
import { tokenOf, walletOf } from "./named-things.ts";
import { parse } from "./parse.ts";
import type { ApiAnswer, Route } from "./route.ts";
import { estimateExecutionBody, estimateTransferBody } from "./transaction-schemas.ts";

export interface EstimateRouteDeps {
  readonly chain: ChainClient;
  readonly wallets: WalletStore;
  readonly tokens: TokenRegistry;
}

/** The endpoints that say what a transaction would cost. They need neither signature nor key. */
export function estimateRoutes(deps: EstimateRouteDeps): Route[] {
  return [
    {
      method: "POST",
      template: "/v1/w3s/transactions/transfer/estimateFee",
      fast: true,
      handle: async ({ body }) => {
        const fields = parse(estimateTransferBody, body, "body");
        const { destinationAddress: to, amounts } = fields;
        if (!isAddress(to)) throw circleError(155219);
        const token = await tokenOf(deps.tokens, fields);
        return estimate(deps, fields, encodeTransfer(token, to, amounts[0] ?? "").call);
      },
    },
    {
      method: "POST",
      template: "/v1/w3s/transactions/contractExecution/estimateFee",
      fast: true,
      handle: ({ body }) => {
        const fields = parse(estimateExecutionBody, body, "body");
        return estimate(deps, fields, encodeExecution(fields));
      },
    },
    {
      method: "GET",
      template: "/v1/w3s/developer/transactions/feeParameters",
      handle: async () => ({ status: 200, data: await feeLevels(deps.chain) }),
    },
  ];
}

interface EstimateSource {
  readonly walletId?: string | undefined;
  readonly sourceAddress?: string | undefined;
  readonly blockchain?: string | undefined;
}

async function estimate(
  deps: EstimateRouteDeps,
  source: EstimateSource,
  call: Call,
): Promise<ApiAnswer> {
  const { sourceAddress: walletAddress, ...rest } = source;
  const isStranger = walletAddress !== undefined && rest.walletId === undefined;
  const from = isStranger
    ? (walletAddress as `0x${string}`)
    : walletOf(deps.wallets, { ...rest, walletAddress }).address;
  const gasLimit = await deps.chain.estimateGas(from, call).catch((error: unknown) => {
    throw error instanceof ChainRefusal ? refusalOf(error) : error;
  });
  return { status: 200, data: await feeLevels(deps.chain, gasLimit) };
}

function refusalOf({ message }: ChainRefusal) {
  return circleError(/insufficient funds|OutOfFunds/i.test(message) ? 155204 : 155208);
}
