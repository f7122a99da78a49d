import { setTimeout as delay } from "node:timers/promises";
import { keccak256 } from "viem";
import { z } from "zod";
import { PaymentError } from "../errors.ts";
import type { AdminCall } from "./admin-calls.ts";
import { broadcast } from "./broadcast.ts";
import { freshFees } from "./fees.ts";
import { readOperatorState } from "./operator-state.ts";
import { quantityOf, resultOf, unavailable } from "./read-answers.ts";
import type { Rpc } from "./rpc.ts";
import type { Signer } from "./signer.ts";

export interface AdminDeps {
  readonly rpc: Rpc;
  readonly chainId: number;
}

export interface AdminReceipt {
  readonly txHash: string;
  readonly blockNumber: bigint;
  /** Lower-case; of a deployment. */
  readonly contractAddress: string | null;
}

const RECEIPT_TIMEOUT_MS = 30_000;
const RECEIPT_POLL_MS = 200;

/** The estimate of a chain that may have changed by the time of mining. */
const GAS_MARGIN_PERCENT = 125n;

/**
 * Sends one call with a key at hand and waits until it is mined. Throws `CHAIN_REJECTED` (reject) when it would revert or
 * did, `OUTCOME_UNKNOWN` (reconcile) when it was sent and not seen in 30 s, `CHAIN_UNAVAILABLE` (retry) before that.
 */
export async function sendAdminCall(
  deps: AdminDeps,
  signer: Signer,
  call: AdminCall,
  signal: AbortSignal,
): Promise<AdminReceipt> {
  const { rpc, chainId } = deps;
  const gas = await estimate(rpc, signer.address, call);
  const state = await readOperatorState(rpc, signer.address, signal);
  const { to, data } = call;
  const raw = await signer.sign({
    chainId,
    nonce: state.count,
    ...(to === undefined ? {} : { to }),
    data,
    gas: (gas * GAS_MARGIN_PERCENT) / 100n,
    ...freshFees(state.baseFeePerGas),
  });
  const txHash = keccak256(raw);
  const sent = await broadcast(rpc, raw, txHash, signal);
  if (sent.report.kind === "retry" && sent.report.capacity) {
    throw new PaymentError("CHAIN_REJECTED", "reject", `not sent: ${sent.report.detail}`);
  }
  return receiptOf(rpc, txHash, signal);
}

async function estimate(rpc: Rpc, from: string, { to, data }: AdminCall): Promise<bigint> {
  const params = [{ from, data, ...(to === undefined ? {} : { to }) }];
  const [answer] = await rpc.ask([{ method: "eth_estimateGas", params }]);
  if (answer && "error" in answer) {
    throw new PaymentError("CHAIN_REJECTED", "reject", `not sent: ${answer.error.message}`);
  }
  return quantityOf(answer);
}

const receipt = z.object({
  status: z.string(),
  blockNumber: z.string(),
  contractAddress: z.string().nullish(),
});

async function receiptOf(rpc: Rpc, txHash: string, signal: AbortSignal): Promise<AdminReceipt> {
  const untilMs = performance.now() + RECEIPT_TIMEOUT_MS;
  while (performance.now() < untilMs && !signal.aborted) {
    const found = await rpc
      .ask([{ method: "eth_getTransactionReceipt", params: [txHash] }], { signal })
      .then(([answer]) => resultOf(answer))
      .catch(() => null);
    if (found !== null) return minedOrThrow(found, txHash);
    await delay(RECEIPT_POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  throw new PaymentError("OUTCOME_UNKNOWN", "reconcile", `${txHash} was sent and is not mined yet`);
}

function minedOrThrow(found: unknown, txHash: string): AdminReceipt {
  const read = receipt.safeParse(found);
  if (!read.success) throw unavailable("the node's receipt has not the shape of a receipt");
  const { status, blockNumber, contractAddress } = read.data;
  if (status !== "0x1") throw new PaymentError("CHAIN_REJECTED", "reject", `${txHash} reverted`);
  return {
    txHash,
    blockNumber: BigInt(blockNumber),
    contractAddress: contractAddress?.toLowerCase() ?? null,
  };
}
