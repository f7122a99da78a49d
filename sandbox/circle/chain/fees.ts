import { formatGwei, formatUnits, parseGwei } from "viem";
import type { ChainClient } from "./chain-client.ts";
import type { Gas } from "./wallet-sender.ts";

export const FEE_LEVELS = ["LOW", "MEDIUM", "HIGH"] as const;
export type FeeLevel = (typeof FEE_LEVELS)[number];

/** Circle's own multiples are not published: room for the base fee to rise, and a tip of Arc's suggested size. */
const LEVELS: Record<FeeLevel, { readonly basePercent: bigint; readonly tip: bigint }> = {
  LOW: { basePercent: 125n, tip: parseGwei("1") },
  MEDIUM: { basePercent: 150n, tip: parseGwei("1") },
  HIGH: { basePercent: 200n, tip: parseGwei("2") },
};

/** A replacement must pay at least 10 % more; nodes round, so more than that. */
const BUMP_PERCENT = 125n;

export type FeePrice = Omit<Gas, "gasLimit">;

/** What a level pays over the given base fee, in wei per gas. */
export function priceOf(level: FeeLevel, baseFeePerGas: bigint): FeePrice {
  const { basePercent, tip } = LEVELS[level];
  return {
    maxFeePerGas: (baseFeePerGas * basePercent) / 100n + tip,
    maxPriorityFeePerGas: tip,
  };
}

/** The fees of a transaction that is to replace another: above the old ones, and at least HIGH over today's base fee. */
export async function bumpedGas(chain: ChainClient, old: Gas): Promise<Gas> {
  const high = priceOf("HIGH", await chain.baseFeePerGas());
  const bumped = (price: bigint) => (price * BUMP_PERCENT) / 100n + 1n;
  return {
    gasLimit: old.gasLimit,
    maxFeePerGas: max(bumped(old.maxFeePerGas), high.maxFeePerGas),
    maxPriorityFeePerGas: max(bumped(old.maxPriorityFeePerGas), high.maxPriorityFeePerGas),
  };
}

/** The most that this gas can cost, in wei. */
export function costOf(gas: Gas): bigint {
  return gas.gasLimit * gas.maxFeePerGas;
}

/** Prices as Circle writes them: in gwei. */
function priceView(price: FeePrice, baseFeePerGas: bigint) {
  return {
    maxFee: formatGwei(price.maxFeePerGas),
    priorityFee: formatGwei(price.maxPriorityFeePerGas),
    baseFee: formatGwei(baseFeePerGas),
  };
}

/** An estimate as Circle writes it: prices in gwei, sums in native token. */
export function feeView(gas: Gas, baseFeePerGas: bigint) {
  const likely = gas.gasLimit * (baseFeePerGas + gas.maxPriorityFeePerGas);
  return {
    gasLimit: gas.gasLimit.toString(),
    ...priceView(gas, baseFeePerGas),
    networkFee: formatUnits(costOf(gas), 18),
    networkFeeRaw: formatUnits(likely, 18),
  };
}

/** The three levels as an estimate answers them; without a gas limit only the prices. */
export async function feeLevels(chain: ChainClient, gasLimit?: bigint) {
  const baseFeePerGas = await chain.baseFeePerGas();
  const at = (level: FeeLevel) => {
    const price = priceOf(level, baseFeePerGas);
    return gasLimit === undefined
      ? priceView(price, baseFeePerGas)
      : feeView({ gasLimit, ...price }, baseFeePerGas);
  };
  return { low: at("LOW"), medium: at("MEDIUM"), high: at("HIGH") };
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
