import type { Logger } from "pino";
import { PaymentError } from "../errors.ts";
import type { ChainReader, FollowedBlock } from "./chain-reader.ts";
import { endDeadSends, type DeadSendDeps } from "./end-dead-sends.ts";
import type { Heads } from "./heads.ts";
import { createReadAhead } from "./read-ahead.ts";

/** A block that is handled, with everything before it. */
export interface Position {
  readonly number: bigint;
  readonly hash: string;
}

export interface FollowBlocksDeps extends DeadSendDeps {
  readonly reader: ChainReader;
  readonly log: Logger;
  /** One commit: the blocks' effect and the cursor; `cursor_moved` when it did not stand before the first of them. */
  settle(blocks: readonly FollowedBlock[]): Promise<{ readonly kind: "settled" | "cursor_moved" }>;
}

/** An empty block only moves the cursor: on an idle chain of 0.5 s blocks that is one write a second instead of two. */
const IDLE_WRITE_MS = 1_000;
/** While catching up over empty blocks; a crash reads at most these again. */
const PENDING_MAX = 256;

/**
 * Reads and settles blocks after `start`, in order, several at once where several are there; until the signal aborts or
 * another process has moved the cursor. Throws what reader and settle throw (nothing is skipped), and
 * DEPLOYMENT_MISMATCH where a block is not the child of the one before. `onProgress` hears each block that was read.
 */
export async function followBlocks(
  deps: FollowBlocksDeps,
  from: { readonly start: Position; readonly heads: Heads },
  onProgress: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { heads } = from;
  const reads = createReadAhead(deps.reader, heads);
  const check = createDeadSendCheck(deps);
  let tip = from.start;
  let pending: FollowedBlock[] = [];
  let writtenAtMs = performance.now();
  try {
    while (!signal.aborted) {
      if (tip.number < heads.newest()) {
        const { blocks, trouble } = await reads.take(tip.number + 1n, heads.newest());
        if (blocks.length === 0) throw trouble;
        for (const { header } of blocks) tip = childOf(tip, header);
        pending.push(...blocks);
        onProgress();
      }
      const idleMs = performance.now() - writtenAtMs;
      if (isDue(pending, idleMs)) {
        if (!(await settled(pending))) return;
        pending = [];
        writtenAtMs = performance.now();
      }
      if (tip.number < heads.newest()) continue;
      // Blocks that are still pending hold no logs, so everything up to the tip is settled.
      check.run(tip.number);
      await heads.news(pending.length === 0 ? Infinity : IDLE_WRITE_MS - idleMs, signal);
    }
    if (pending.length > 0) await settled(pending);
  } finally {
    await check.ended();
  }

  async function settled(blocks: readonly FollowedBlock[]): Promise<boolean> {
    return (await deps.settle(blocks)).kind === "settled";
  }
}

function isDue(pending: readonly FollowedBlock[], idleMs: number): boolean {
  if (pending.length === 0) return false;
  if (idleMs >= IDLE_WRITE_MS || pending.length >= PENDING_MAX) return true;
  return pending.some(({ logs }) => logs.length > 0);
}

function childOf(parent: Position, header: FollowedBlock["header"]): Position {
  if (header.number === parent.number + 1n && header.parentHash === parent.hash) return header;
  throw wrongChain(parent, header.parentHash);
}

/** Arc never reorganises: another hash means another chain (a node that was started anew, or the wrong one). */
export function wrongChain(followed: Position, nodesHash: string): PaymentError {
  const { number, hash } = followed;
  return new PaymentError(
    "DEPLOYMENT_MISMATCH",
    "reject",
    `Block ${number} was followed as ${hash}, but the node has ${nodesHash} there: it is on another chain. Following stops until the right node is back.`,
    { context: { blockNumber: number.toString(), followed: hash, node: nodesHash } },
  );
}

/** Looks after open sends beside the following, one look at a time, once per block. */
function createDeadSendCheck(deps: FollowBlocksDeps) {
  let running: Promise<void> | undefined;
  let checked = -1n;
  const looks = { suspects: new Set<string>(), alarmed: new Set<string>() };
  return {
    run(settledBlock: bigint): void {
      if (running || settledBlock === checked) return;
      checked = settledBlock;
      running = endDeadSends(deps, settledBlock, looks)
        .catch((error: unknown) => {
          deps.log.warn({ err: error }, "could not look after open sends; the next block will");
        })
        .finally(() => {
          running = undefined;
        });
    },
    ended: () => running,
  };
}
