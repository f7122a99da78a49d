import type { ChainReader, FollowedBlock } from "./chain-reader.ts";
import type { Heads } from "./heads.ts";

/** While catching up; a node that throttles is asked for no more than this at a time. */
const READS_MAX = 16;

interface Read {
  done: Promise<void>;
  block?: FollowedBlock;
  trouble?: unknown;
}

interface Taken {
  /** Consecutive, from the first block asked for; empty where that one could not be read. */
  readonly blocks: readonly FollowedBlock[];
  /** Why it could not be read. A block that the node does not know is not read; it is never skipped. */
  readonly trouble?: unknown;
}

export interface ReadAhead {
  /** Waits for block `next` and answers it with all that have been read after it; goes on reading up to `head`. */
  take(next: bigint, head: bigint): Promise<Taken>;
}

/** Reads blocks with bounded parallelism and hands them out in order. */
export function createReadAhead(reader: ChainReader, heads: Pick<Heads, "heardAtMs">): ReadAhead {
  const reads = new Map<bigint, Read>();

  return {
    async take(next, head) {
      fill(next, head);
      const first = reads.get(next);
      await first?.done;
      if (!first?.block) {
        // What was read beyond it is read again: it may come from a node that knows more than the one asked next.
        reads.clear();
        return { blocks: [], trouble: first?.trouble };
      }
      const blocks = takeDone(next);
      fill(next + BigInt(blocks.length), head);
      return { blocks };
    },
  };

  function fill(next: bigint, head: bigint): void {
    for (const number of reads.keys()) if (number < next) reads.delete(number);
    for (let number = next; number <= head && reads.size < READS_MAX; number += 1n) {
      if (!reads.has(number)) reads.set(number, startRead(number));
    }
  }

  function takeDone(next: bigint): FollowedBlock[] {
    const blocks: FollowedBlock[] = [];
    for (let number = next; ; number += 1n) {
      const block = reads.get(number)?.block;
      if (!block) return blocks;
      reads.delete(number);
      blocks.push(block);
    }
  }

  function startRead(number: bigint): Read {
    const read: Read = { done: Promise.resolve() };
    read.done = readBlock(reader, heads, number).then(
      (block) => void (read.block = block),
      (trouble: unknown) => void (read.trouble = trouble),
    );
    return read;
  }
}

async function readBlock(
  reader: ChainReader,
  heads: Pick<Heads, "heardAtMs">,
  number: bigint,
): Promise<FollowedBlock> {
  const header = await reader.header(number);
  const headAtMs = Math.min(heads.heardAtMs(number) ?? Infinity, performance.now());
  const logs = await reader.payOnceLogs(header);
  return { header, logs, headAtMs, readAtMs: performance.now() };
}
