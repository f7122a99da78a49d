import { keccak256 } from "viem";
import { broadcast } from "./broadcast.ts";
import { freshFees } from "./fees.ts";
import type { Nonces } from "./nonces.ts";
import type { OperatorState } from "./operator-state.ts";
import type { ArcSend } from "./pending-sends.ts";
import type { Rpc } from "./rpc.ts";
import type { Signer } from "./signer.ts";

/** Longer than any send between its commit and the list that shows it. */
const GAP_BLOCKS = 8n;

/** A transfer of nothing to oneself. */
const FILLER_GAS = 30_000n;

export interface Gap {
  readonly nonce: bigint;
  readonly since: bigint;
}

export interface GapDeps {
  readonly rpc: Rpc;
  readonly signer: Signer;
  readonly chainId: number;
  readonly nonces: Nonces;
}

/**
 * A nonce that the chain waits for and no open send holds (its send was given up) would hold up every later one for
 * ever. Once it has stood for a while it is given to the next send; or, where sends above it already wait, filled
 * with a transaction that does nothing. Answers the gap to remember, if there is one.
 */
export async function mendGap(
  deps: GapDeps,
  sends: readonly ArcSend[],
  chain: OperatorState,
  known: { readonly gap: Gap | undefined; readonly signal: AbortSignal },
): Promise<Gap | undefined> {
  const nonce = chain.count;
  if (sends.some(({ ticket }) => ticket.nonce === nonce)) return undefined;
  const gap = known.gap?.nonce === nonce ? known.gap : { nonce, since: chain.blockNumber };
  if (chain.blockNumber - gap.since < GAP_BLOCKS) return gap;
  if (!sends.some(({ ticket }) => ticket.nonce > nonce)) {
    deps.nonces.release(nonce);
    return gap;
  }
  deps.nonces.take(nonce);
  const { signer, chainId } = deps;
  const raw = await signer.sign({
    chainId,
    nonce,
    to: signer.address,
    gas: FILLER_GAS,
    ...freshFees(chain.baseFeePerGas),
  });
  await broadcast(deps.rpc, raw, keccak256(raw), known.signal);
  return { nonce, since: chain.blockNumber };
}
