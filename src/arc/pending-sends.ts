import type { SendTicket, StoredSend } from "../dispatch/rail.ts";
import type { OperatorState } from "./operator-state.ts";

export type ArcTicket = Extract<SendTicket, { rail: "arc" }>;
export type ArcSend = StoredSend & { readonly ticket: ArcTicket };

/** A lane only ever meets tickets that it made. */
export function isArcSend(send: StoredSend): send is ArcSend {
  return send.ticket.rail === "arc";
}

/** The hash of the bytes that a ticket holds now. */
export function hashOf(ticket: ArcTicket): `0x${string}` {
  const hash = ticket.hashes.at(-1);
  if (hash === undefined) throw new TypeError("an arc ticket without a hash");
  return hash;
}

/** Two of Arc's seconds: by then a healthy send is mined. */
const REBROADCAST_BLOCKS = 4n;

/** Four seconds: a node may hold a grudge against a hash. Doubles with every bump, or an idle chain would drive our fees up. */
const STUCK_BLOCKS = 8n;
const STUCK_DOUBLINGS_MAX = 10;

/** What a lane remembers of one nonce. In blocks, not seconds: while the chain stands still nothing is stuck. */
export interface Memory {
  /** The newest ticket of the send that holds it: whoever asks to submit may still have an older one. */
  readonly sendId: string;
  readonly ticket: ArcTicket;
  /** A node has taken these bytes. Where none did (no gas, blocked), higher fees would only make it worse. */
  readonly isTaken: boolean;
  readonly needsBump: boolean;
  /** When it was last given to a node; undefined until the next look at the chain. */
  sentAt?: bigint;
  /** Since when it holds up the wallet, under its present hash. */
  headOfLineSince?: bigint;
}

export type Care = "leave" | "rebroadcast" | "bump";

/** What an open send needs at this block. Pure but for noting in `memory` what it saw. */
export function careFor(ticket: ArcTicket, memory: Memory | undefined, chain: OperatorState): Care {
  if (!memory) return "rebroadcast";
  if (memory.needsBump || ticket.maxFeePerGas < chain.baseFeePerGas) return "bump";
  if (memory.isTaken && ticket.nonce === chain.count) {
    memory.headOfLineSince ??= chain.blockNumber;
    if (chain.blockNumber - memory.headOfLineSince >= patienceFor(ticket)) return "bump";
  }
  memory.sentAt ??= chain.blockNumber;
  return chain.blockNumber - memory.sentAt >= REBROADCAST_BLOCKS ? "rebroadcast" : "leave";
}

function patienceFor(ticket: ArcTicket): bigint {
  const doublings = Math.min(ticket.hashes.length - 1, STUCK_DOUBLINGS_MAX);
  return STUCK_BLOCKS * 2n ** BigInt(doublings);
}
