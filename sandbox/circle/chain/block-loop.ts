import { setTimeout as delay } from "node:timers/promises";
import type { Hex } from "viem";
import type { ChainClient, Receipt } from "./chain-client.ts";

/** A fifth of Arc's block time: COMPLETE may trail a block by that much, and the node answers this in a fraction of a ms. */
const POLL_MS = 100;
/** Blocks read before looking at the head again. */
const BLOCKS_PER_LOOK = 50n;

/** One loop over the chain's blocks for all transactions that wait to be mined. Sleeps while none does. */
export interface BlockLoop {
  /** Resolves once no block that is yet to come can be missed; only then may the transaction be broadcast. */
  watch(hash: Hex, onMined: (receipt: Receipt) => void): Promise<void>;
  unwatch(hash: Hex): void;
  /** Looks for this one's receipt now, for whatever the blocks did not show. True if it was mined. */
  lookUp(hash: Hex): Promise<boolean>;
}

export function startBlockLoop(chain: ChainClient, signal: AbortSignal): BlockLoop {
  const watched: Watched = new Map();
  let cursor: Promise<bigint> | undefined;
  let isRunning = false;

  const run = async () => {
    while (watched.size > 0 && cursor !== undefined && !signal.aborted) {
      cursor = Promise.resolve(await look(chain, watched, await cursor));
      await delay(POLL_MS, undefined, { signal });
    }
  };

  const wake = () => {
    if (isRunning) return;
    isRunning = true;
    run()
      .catch(() => undefined)
      .finally(() => {
        isRunning = false;
        if (watched.size === 0) cursor = undefined;
        else if (!signal.aborted) setTimeout(wake, POLL_MS);
      });
  };

  return {
    async watch(hash, onMined) {
      watched.set(hash, onMined);
      cursor ??= chain.blockNumber().then((head) => head + 1n);
      await cursor.catch((error: unknown) => {
        cursor = undefined;
        throw error;
      });
      wake();
    },
    unwatch: (hash) => void watched.delete(hash),
    async lookUp(hash) {
      const receipt = await chain.receipt(hash);
      if (receipt !== undefined) report(watched, receipt);
      return receipt !== undefined;
    },
  };
}

type Watched = Map<Hex, (receipt: Receipt) => void>;

/** Reads what was mined since; answers the block to go on from. */
async function look(chain: ChainClient, watched: Watched, next: bigint): Promise<bigint> {
  const head = await chain.blockNumber();
  // A chain that was started anew is shorter than before.
  if (head + 1n < next) return head + 1n;
  const last = head < next + BLOCKS_PER_LOOK ? head : next + BLOCKS_PER_LOOK;
  for (let number = next; number <= last; number += 1n) {
    if (!(await readBlock(chain, watched, number))) return number;
  }
  return last + 1n;
}

/** False while the node does not serve all of that block. */
async function readBlock(chain: ChainClient, watched: Watched, number: bigint): Promise<boolean> {
  const hashes = await chain.transactionHashes(number);
  if (hashes === undefined) return false;
  for (const hash of hashes.filter((hash) => watched.has(hash))) {
    const receipt = await chain.receipt(hash);
    if (receipt === undefined) return false;
    report(watched, receipt);
  }
  return true;
}

function report(watched: Watched, receipt: Receipt): void {
  const onMined = watched.get(receipt.transactionHash);
  watched.delete(receipt.transactionHash);
  onMined?.(receipt);
}
