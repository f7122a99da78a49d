import { quantityOf } from "./read-answers.ts";
import type { Rpc } from "./rpc.ts";

/** One full batch at twice Arc's lowest fee, in native wei (18 decimals): below it sends are about to stop. */
export const OPERATOR_BALANCE_FLOOR = 500_000_000_000_000_000n;

/** The native coin is USDC with 18 decimals. */
export const WEI_PER_MICRO = 10n ** 12n;

export interface OperatorGas {
  readonly headNumber: bigint;
  /** In native wei, in the order of the operators. */
  readonly balances: readonly bigint[];
}

/** A request holds at most 100 calls. */
const OPERATORS_MAX = 99;

/** The chain's height and what its operators have left for gas, in one request. Throws `PaymentError` (retry). */
export async function readOperatorGas(
  rpc: Rpc,
  operators: readonly string[],
  signal: AbortSignal,
): Promise<OperatorGas> {
  const balances = operators
    .slice(0, OPERATORS_MAX)
    .map((operator) => ({ method: "eth_getBalance", params: [operator, "latest"] }));
  const [head, ...answers] = await rpc.ask(
    [{ method: "eth_blockNumber", params: [] }, ...balances],
    {
      signal,
    },
  );
  return { headNumber: quantityOf(head), balances: answers.map(quantityOf) };
}
