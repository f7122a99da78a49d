/** EIP-1559 fees of one transaction, in wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

const GWEI = 1_000_000_000n;

/** Arc's lowest base fee: below it a transaction waits for ever. */
const MAX_FEE_FLOOR = 20n * GWEI;

/** Arc's highest base fee; what is above it buys nothing. */
const MAX_FEE_CEILING = 20_000n * GWEI;

/** Never 0: a node wants the tip of a replacement strictly higher too, and an eighth more of nothing is nothing. */
const TIP = 1n * GWEI;

/** Nodes demand a tenth more of both fees; an eighth stays above it whatever they round. */
const BUMP_EIGHTHS = 9n;

/**
 * Fees that outlast 35 blocks of the steepest rise (2 % a block on Arc). Only base fee and tip are paid, so a high
 * ceiling costs nothing but the balance it asks the operator to hold.
 */
export function freshFees(baseFeePerGas: bigint): Fees {
  const maxFeePerGas = max(MAX_FEE_FLOOR, 2n * baseFeePerGas) + TIP;
  return { maxFeePerGas, maxPriorityFeePerGas: TIP };
}

/** Fees that replace a pending transaction's, and suffice for this base fee; undefined at the ceiling. */
export function bumpedFees(old: Fees, baseFeePerGas: bigint): Fees | undefined {
  const maxFeePerGas = max(bumped(old.maxFeePerGas), freshFees(baseFeePerGas).maxFeePerGas);
  const maxPriorityFeePerGas = max(bumped(old.maxPriorityFeePerGas), TIP);
  return maxFeePerGas > MAX_FEE_CEILING ? undefined : { maxFeePerGas, maxPriorityFeePerGas };
}

function bumped(fee: bigint): bigint {
  return (fee * BUMP_EIGHTHS + 7n) / 8n;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
