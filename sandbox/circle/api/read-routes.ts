import { formatUnits, isAddress } from "viem";
import { z } from "zod";
import { costOf, feeView, priceOf } from "../chain/fees.ts";
import type { ChainClient } from "../chain/chain-client.ts";
import type { Faults } from "../control/faults.ts";
import type { FaultOf } from "../control/fault-spec.ts";
import type { TransactionRecord } from "../transactions/transaction.ts";
import type { TransactionStore } from "../transactions/transaction-store.ts";
import { progressBefore, transactionView } from "../transactions/transaction-view.ts";
import type { WalletStore } from "../wallets/wallet-store.ts";
import { circleError } from "./circle-error.ts";
import { walletOf } from "./named-things.ts";
import { pageOf } from "./page.ts";
import { idOf, parse, queryOf } from "./parse.ts";
import type { ApiAnswer, ApiRequest, Route } from "./route.ts";
import { subjectOf } from "./signed-request.ts";

const STATES = [
  "INITIATED",
  "CLEARED",
  "QUEUED",
  "SENT",
  "STUCK",
  "CONFIRMED",
  "COMPLETE",
  "FAILED",
  "DENIED",
  "CANCELLED",
] as const;

const filterQuery = z.object({
  walletIds: z.string().optional(),
  state: z.enum(STATES).optional(),
  txHash: z.string().optional(),
  destinationAddress: z.string().optional(),
  operation: z.enum(["TRANSFER", "CONTRACT_EXECUTION", "CONTRACT_DEPLOYMENT"]).optional(),
  txType: z.enum(["INBOUND", "OUTBOUND"]).optional(),
  custodyType: z.enum(["DEVELOPER", "ENDUSER"]).optional(),
  blockchain: z.string().optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
});

export interface ReadRouteDeps {
  readonly chain: ChainClient;
  readonly store: TransactionStore;
  readonly wallets: WalletStore;
  readonly faults: Faults;
}

/** The endpoints that read transactions. */
export function readRoutes(deps: ReadRouteDeps): Route[] {
  return [
    {
      method: "GET",
      template: "/v1/w3s/transactions",
      handle: (request) => listTransactions(deps, request),
    },
    {
      method: "GET",
      template: "/v1/w3s/transactions/lowestNonceTransaction",
      handle: (request) => lowestNonce(deps, request),
    },
    {
      method: "GET",
      template: "/v1/w3s/transactions/:id",
      handle: (request) => {
        const record = deps.store.get(idOf(request.params));
        const stale = deps.faults.take("staleGet", {
          ...subjectOf(request),
          walletId: record.wallet.id,
        });
        return { status: 200, data: { transaction: viewAt(record, stale) } };
      },
    },
    {
      method: "POST",
      template: "/v1/w3s/transactions/validateAddress",
      handle: ({ body }) => {
        const schema = z.object({ address: z.string(), blockchain: z.string() });
        const { address } = parse(schema, body, "body");
        return { status: 200, data: { isValid: isAddress(address) } };
      },
    },
  ];
}

function listTransactions(deps: ReadRouteDeps, request: ApiRequest): ApiAnswer {
  const query = queryOf(request.query);
  const filter = parse(filterQuery, query, "query");
  const page = pageOf(query);
  const stale = deps.faults.take("staleGet", subjectOf(request));
  const newestMs = Date.now() - (stale?.hideYoungerThanMs ?? 0);
  const toMs = Math.min(dateOf(filter.to) ?? newestMs, newestMs);
  // Only outbound transactions of developer wallets are known here.
  const isEmpty = filter.txType === "INBOUND" || filter.custodyType === "ENDUSER";
  const records = isEmpty
    ? []
    : deps.store.list(
        {
          walletIds: filter.walletIds?.toLowerCase().split(","),
          state: filter.state,
          txHash: filter.txHash,
          destinationAddress: filter.destinationAddress,
          operation: filter.operation,
          fromMs: dateOf(filter.from),
          toMs,
        },
        page,
      );
  const inChain = records.filter(
    ({ wallet }) => filter.blockchain === undefined || wallet.blockchain === filter.blockchain,
  );
  return { status: 200, data: { transactions: inChain.map((record) => viewAt(record, stale)) } };
}

/** The head of a wallet's line: what everything behind it waits for. */
async function lowestNonce(deps: ReadRouteDeps, request: ApiRequest): Promise<ApiAnswer> {
  const { walletId, address, blockchain } = queryOf(request.query);
  const wallet = walletOf(deps.wallets, { walletId, walletAddress: address, blockchain });
  const waiting = deps.store.pendingOf(wallet.id).filter(({ sent }) => sent.length > 0);
  const record = waiting.sort((a, b) => nonceOf(a) - nonceOf(b))[0];
  const gas = record?.sent.at(-1)?.gas;
  if (record === undefined || gas === undefined) throw circleError(156003);
  const baseFeePerGas = await deps.chain.baseFeePerGas();
  const high = { gasLimit: gas.gasLimit, ...priceOf("HIGH", baseFeePerGas) };
  const feeInfo = {
    newHighEstimatedFee: feeView(high, baseFeePerGas),
    feeDifferenceAmount: formatUnits(costOf(high) - costOf(gas), 18),
  };
  return { status: 200, data: { transaction: transactionView(record), feeInfo } };
}

function nonceOf(record: TransactionRecord): number {
  return record.sent[0]?.nonce ?? Number.POSITIVE_INFINITY;
}

function viewAt(record: TransactionRecord, stale: FaultOf<"staleGet"> | undefined) {
  const behind = stale === undefined ? 0 : (stale.statesBehind ?? 1);
  return transactionView(record, progressBefore(record, behind));
}

function dateOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
