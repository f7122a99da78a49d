import { payItemsWithin } from "../../contracts/pay-once-gas.ts";
import type { Lane } from "../dispatch/rail.ts";
import type { Logger } from "../log.ts";
import { broadcast } from "./broadcast.ts";
import { freshFees } from "./fees.ts";
import { mendGap, type Gap } from "./mend-gap.ts";
import { createNonces, type Nonces } from "./nonces.ts";
import { readOperatorState, type OperatorState } from "./operator-state.ts";
import { hashOf, isArcSend, type Memory } from "./pending-sends.ts";
import type { Rpc } from "./rpc.ts";
import { signSend, type SigningDeps } from "./sign-send.ts";
import { newestTicket, tendSends } from "./tend-sends.ts";

export interface ArcLaneDeps extends SigningDeps {
  readonly rpc: Rpc;
  readonly log: Logger;
}

/** Arc's base fee moves 2 % a block at most, so after 5 s the fees of `freshFees` still hold. */
const STATE_FRESH_MS = 5_000;

/**
 * A block takes a transaction only where all that it declares still fits, and it declares more than it uses: on blocks of
 * 10 million gas one batch of 100 would fill a block with less than half of it used.
 */
const SENDS_PER_BLOCK = 4n;

/**
 * Payments that come one by one would use up all sends that may be open before the block comes, with a few payments each;
 * those behind them then wait for the block, and Postgres forms all these sends. With this a lane of 12 forms about 10 in
 * half a second.
 */
const REST_MS = 100;

/** What a lane knows from one `open` to the next; all of it can be read again. */
interface Opened {
  readonly nonces: Nonces;
  readonly memory: Map<bigint, Memory>;
  chain: OperatorState;
  readAtMs: number;
  gap: Gap | undefined;
}

/** The lane of one wallet on Arc whose key is at hand. See `Lane`. */
export function createArcLane(deps: ArcLaneDeps, options: { readonly maxInFlight: number }): Lane {
  const { rpc, signer } = deps;
  const operator = signer.address;
  let lane: Opened | undefined;
  const opened = () => {
    if (!lane) throw new Error(`the lane of ${operator} is used before it was opened`);
    return lane;
  };
  return {
    id: `arc:${operator}`,
    rail: "arc",
    method: "payonce",
    operators: [operator],
    maxInFlightPerOperator: options.maxInFlight,
    restMs: REST_MS,
    batchMax: () => payItemsWithin(opened().chain.gasLimit / SENDS_PER_BLOCK),

    async open(openSends, signal) {
      const chain = await readOperatorState(rpc, operator, signal);
      const used = openSends.filter(isArcSend).map(({ ticket }) => ticket.nonce);
      const nonces = createNonces(chain.count, used);
      lane = { nonces, memory: new Map(), chain, readAtMs: performance.now(), gap: undefined };
    },

    async ready(signal) {
      const at = opened();
      if (performance.now() - at.readAtMs > STATE_FRESH_MS) await look(deps, at, signal);
    },

    prepare(draft) {
      const { nonces, chain } = opened();
      return signSend(deps, { ...draft, nonce: nonces.next() }, freshFees(chain.baseFeePerGas));
    },

    committed(ticket) {
      if (ticket.rail !== "arc") return;
      const at = opened();
      at.nonces.take(ticket.nonce);
      at.gap = undefined;
    },

    async submit(send, signal) {
      if (!isArcSend(send)) throw new TypeError("an arc lane was given another rail's send");
      const { memory } = opened();
      const ticket = newestTicket(send, memory.get(send.ticket.nonce));
      const { report, ...outcome } = await broadcast(rpc, ticket.raw, hashOf(ticket), signal);
      memory.set(ticket.nonce, { sendId: send.id, ticket, ...outcome });
      return report;
    },

    async tend(openSends, store, signal) {
      const at = opened();
      if (!(await look(deps, at, signal))) return [];
      const sends = openSends.filter(isArcSend);
      const { chain, gap, memory, nonces } = at;
      at.gap = await mendGap({ ...deps, nonces }, sends, chain, { gap, signal });
      return tendSends({ ...deps, memory, store }, sends, chain, signal);
    },
  };
}

/** Reads the chain anew; false where it could not be asked, and what was known before still stands. */
async function look(deps: ArcLaneDeps, at: Opened, signal: AbortSignal): Promise<boolean> {
  const operator = deps.signer.address;
  try {
    at.chain = await readOperatorState(deps.rpc, operator, signal);
  } catch (error) {
    if (!signal.aborted) deps.log.warn({ err: error, operator }, "the chain could not be asked");
    return false;
  }
  at.readAtMs = performance.now();
  at.nonces.countRead(at.chain.count);
  for (const nonce of at.memory.keys()) if (nonce < at.chain.count) at.memory.delete(nonce);
  return true;
}
