import { keccak256, parseTransaction, type Hex } from "viem";
import { bumpedFees, type Fees } from "./fees.ts";
import type { ArcSend, ArcTicket } from "./pending-sends.ts";
import type { Signer } from "./signer.ts";

export interface SigningDeps {
  readonly signer: Signer;
  readonly chainId: number;
  readonly payOnce: string;
}

interface Call {
  readonly nonce: bigint;
  readonly calldata: Hex;
  readonly gasLimit: bigint;
}

/** Signs a call of PayOnce into a fresh ticket. */
export async function signSend(deps: SigningDeps, call: Call, fees: Fees): Promise<ArcTicket> {
  const raw = await deps.signer.sign({
    chainId: deps.chainId,
    nonce: call.nonce,
    to: deps.payOnce,
    data: call.calldata,
    gas: call.gasLimit,
    ...fees,
  });
  const { nonce } = call;
  return { rail: "arc", nonce, maxFeePerGas: fees.maxFeePerGas, raw, hashes: [keccak256(raw)] };
}

/** The same send under the same nonce with fees that replace the old ones; undefined at the ceiling of fees. */
export async function signBumped(
  deps: SigningDeps,
  send: ArcSend,
  baseFeePerGas: bigint,
): Promise<ArcTicket | undefined> {
  const { nonce, maxFeePerGas, raw, hashes } = send.ticket;
  const { maxPriorityFeePerGas = 0n } = parseTransaction(raw);
  const fees = bumpedFees({ maxFeePerGas, maxPriorityFeePerGas }, baseFeePerGas);
  if (!fees) return undefined;
  const signed = await signSend(deps, { ...send, nonce }, fees);
  return { ...signed, hashes: [...hashes, ...signed.hashes] };
}
