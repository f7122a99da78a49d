import { createWake } from "../wake.ts";
import type { ChainReader } from "./chain-reader.ts";

/** Heads are announced; this finds those of a node that has gone quiet. */
const POLL_MS = 2_000;
/** Of a block that is older, the follower first heard no later than when it came to read it. */
const MARKS_MAX = 256;

export interface Heads {
  /** The highest block that anybody announced; a hint. */
  newest(): bigint;
  /** When it was first heard that the chain had come so far, as `performance.now()` tells it; undefined: not yet. */
  heardAtMs(number: bigint): number | undefined;
  /** Resolves at news, after `timeoutMs`, or when the signal aborts; asks the node itself where it has long been quiet. */
  news(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

/** Listens to heads until the signal aborts. */
export function listenToHeads(reader: ChainReader, signal: AbortSignal): Heads {
  const wake = createWake();
  let newest = 0n;
  let heardAtMs = -Infinity;
  const marks: { readonly number: bigint; readonly atMs: number }[] = [];
  const hear = (number: bigint) => {
    heardAtMs = performance.now();
    if (number > newest) {
      newest = number;
      marks.push({ number, atMs: heardAtMs });
      if (marks.length > MARKS_MAX) marks.shift();
    }
    wake.ring();
  };
  reader.watchHeads(hear, signal);
  return {
    newest: () => newest,
    heardAtMs: (number) => marks.find((mark) => mark.number >= number)?.atMs,
    async news(timeoutMs, signal) {
      await wake.heard(Math.min(timeoutMs, POLL_MS), signal);
      const isQuiet = performance.now() - heardAtMs >= POLL_MS;
      if (isQuiet && !signal.aborted) hear(await reader.headNumber());
    },
  };
}
