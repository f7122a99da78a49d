import { gasLimitOf, headOf, quantityOf } from "./read-answers.ts";
import type { Rpc } from "./rpc.ts";

/** What a lane needs of the chain, all from one node. */
export interface OperatorState {
  readonly blockNumber: bigint;
  readonly baseFeePerGas: bigint;
  /** Of a block. */
  readonly gasLimit: bigint;
  /** Nonces used up to the newest block. */
  readonly count: bigint;
}

/** Throws `PaymentError` (retry) where no node answered. */
export async function readOperatorState(
  rpc: Rpc,
  operator: string,
  signal: AbortSignal,
): Promise<OperatorState> {
  const calls = [
    { method: "eth_getBlockByNumber", params: ["latest", false] },
    { method: "eth_getTransactionCount", params: [operator, "latest"] },
  ];
  const [block, count] = await rpc.ask(calls, { signal });
  const { number: blockNumber, baseFeePerGas } = headOf(block);
  return { blockNumber, baseFeePerGas, gasLimit: gasLimitOf(block), count: quantityOf(count) };
}
