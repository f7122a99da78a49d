import { createWake } from "../wake.ts";
import type { ChainReader } from "./chain-reader.ts";

/** Heads are announced; this finds those of a node that has gone quiet. */
const POLL_MS = 2_000;

export interface Heads {
  /** The highest block that anybody announced; a hint. */
  newest(): bigint;
  /** Resolves at news, after `timeoutMs`, or when the signal aborts; asks the node itself where it has long been quiet. */
  news(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

/** Listens to heads until the signal aborts. */
export function listenToHeads(reader: ChainReader, signal: AbortSignal): Heads {
  const wake = createWake();
  let newest = 0n;
  let heardAtMs = -Infinity;
  const hear = (number: bigint) => {
    heardAtMs = performance.now();
    if (number > newest) newest = number;
    wake.ring();
  };
  reader.watchHeads(hear, signal);
  return {
    newest: () => newest,
    async news(timeoutMs, signal) {
      await wake.heard(Math.min(timeoutMs, POLL_MS), signal);
      const isQuiet = performance.now() - heardAtMs >= POLL_MS;
      if (isQuiet && !signal.aborted) hear(await reader.headNumber());
    },
  };
}
