import { parseUnits } from "viem";
import { ChainRefusal, type ChainClient } from "../chain/chain-client.ts";
import { costOf, feeView, priceOf } from "../chain/fees.ts";
import type { Gas } from "../chain/wallet-sender.ts";
import type { Settings } from "../control/settings.ts";
import type { Progress, TransactionRecord } from "./transaction.ts";

/** Why a transaction ends before it reaches the chain. */
export interface Failure {
  readonly errorReason: string;
  readonly errorDetails: string;
}

export interface Prepared {
  readonly gas: Gas;
  readonly estimatedFee: Progress["estimatedFee"];
}

/**
 * Estimates as Circle does, unless the request fixed all of gasLimit, maxFee and priorityFee: a call that would
 * revert or cannot be paid for ends here, without a txHash.
 */
export async function prepare(
  deps: { readonly chain: ChainClient; readonly settings: Settings },
  record: TransactionRecord,
): Promise<Prepared | Failure> {
  const { chain, settings } = deps;
  const { fee } = record;
  if (fee.type === "absolute") return { gas: fee.gas, estimatedFee: undefined };
  const shortfall = await tokenShortfall(chain, record);
  if (shortfall !== undefined) return shortfall;
  const estimate = await chain
    .estimateGas(record.wallet.address, record.call)
    .catch((error: unknown) => failureOf(error));
  if (typeof estimate !== "bigint") return estimate;
  const baseFeePerGas = await chain.baseFeePerGas();
  const margin = (estimate * BigInt(settings.fees.gasMarginPercent)) / 100n;
  const price = priceOf(fee.level, baseFeePerGas);
  const gas: Gas = { gasLimit: fee.gasLimit ?? estimate + margin, ...price };
  if (exceedsCap(gas, settings)) return failure("ESTIMATION_ERROR", "maxFee * gasLimit too high");
  const needed = costOf(gas) + record.call.value;
  if ((await chain.balance(record.wallet.address)) < needed) {
    return failure("INSUFFICIENT_NATIVE_TOKEN", "insufficient funds for gas * price + value");
  }
  return { gas, estimatedFee: feeView(gas, baseFeePerGas) };
}

/** Whether the gas may come to more than Circle lets one transaction cost. */
export function exceedsCap(gas: Gas, { fees }: Settings): boolean {
  return fees.maxFeeNative !== null && costOf(gas) > parseUnits(fees.maxFeeNative, 18);
}

/** The node's refusal as a transaction's end; anything else is thrown on. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof ChainRefusal)) throw error;
  const lacksFunds = /insufficient funds|OutOfFunds|exceeds allowance/i.test(error.message);
  return failure(lacksFunds ? "INSUFFICIENT_NATIVE_TOKEN" : "ESTIMATION_ERROR", error.message);
}

async function tokenShortfall(
  chain: ChainClient,
  { transfer, wallet }: TransactionRecord,
): Promise<Failure | undefined> {
  if (transfer === undefined) return undefined;
  const balance = await chain.tokenBalance(transfer.token, wallet.address);
  if (balance >= transfer.amount) return undefined;
  return failure("INSUFFICIENT_TOKEN", "the wallet holds less than the amount");
}

function failure(errorReason: string, errorDetails: string): Failure {
  return { errorReason, errorDetails };
}
