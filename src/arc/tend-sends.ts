import type { SendReport } from "../dispatch/rail.ts";
import { PaymentError } from "../errors.ts";
import { broadcast } from "./broadcast.ts";
import type { OperatorState } from "./operator-state.ts";
import { careFor, hashOf, type ArcSend, type ArcTicket, type Memory } from "./pending-sends.ts";
import type { Rpc } from "./rpc.ts";
import { signBumped, type SigningDeps } from "./sign-send.ts";

export interface TendDeps extends SigningDeps {
  readonly rpc: Rpc;
  readonly memory: Map<bigint, Memory>;
  /** Must have stored a ticket before its bytes leave, or a crash would forget a hash that may be mined. */
  readonly store: (sendId: string, ticket: ArcTicket) => Promise<void>;
}

/**
 * Gives open sends that the chain has not mined to the node again, lowest nonce first because each waits for the one before
 * it, and replaces what is stuck or cannot pay the base fee. What became of a used nonce is the follower's to say.
 */
export async function tendSends(
  deps: TendDeps,
  sends: readonly ArcSend[],
  chain: OperatorState,
  signal: AbortSignal,
): Promise<readonly { sendId: string; report: SendReport }[]> {
  const reports: { sendId: string; report: SendReport }[] = [];
  const unmined = sends
    .filter(({ ticket }) => ticket.nonce >= chain.count)
    .toSorted((a, b) => Number(a.ticket.nonce - b.ticket.nonce));
  for (const stored of unmined) {
    if (signal.aborted) break;
    const { nonce } = stored.ticket;
    const memory = deps.memory.get(nonce);
    const send = { ...stored, ticket: newestTicket(stored, memory) };
    const care = careFor(send.ticket, memory, chain);
    if (care === "leave") continue;
    const bumped = care === "bump" ? await bump(deps, send, chain) : undefined;
    if (bumped === "closed") continue;
    const ticket = bumped ?? send.ticket;
    const outcome = await broadcast(deps.rpc, ticket.raw, hashOf(ticket), signal);
    const since = bumped ? undefined : memory?.headOfLineSince;
    deps.memory.set(nonce, {
      sendId: send.id,
      ticket,
      isTaken: outcome.isTaken,
      needsBump: outcome.needsBump,
      sentAt: chain.blockNumber,
      ...(since === undefined ? {} : { headOfLineSince: since }),
    });
    reports.push({ sendId: send.id, report: outcome.report });
  }
  return reports;
}

/** Whoever hands in a send may have read it before its last bump. */
export function newestTicket(send: ArcSend, memory: Memory | undefined): ArcTicket {
  return memory?.sendId === send.id ? memory.ticket : send.ticket;
}

/** The replacement, stored; undefined at the ceiling of fees; "closed" where the send ended while we looked. */
async function bump(
  deps: TendDeps,
  send: ArcSend,
  chain: OperatorState,
): Promise<ArcTicket | "closed" | undefined> {
  const ticket = await signBumped(deps, send, chain.baseFeePerGas);
  if (!ticket) return undefined;
  try {
    await deps.store(send.id, ticket);
    return ticket;
  } catch (error) {
    if (error instanceof PaymentError && error.code === "DATABASE_CONFLICT") return "closed";
    throw error;
  }
}
