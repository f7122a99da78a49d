/**
 * Following: the chain as an ordered log. In come blocks, from the stored cursor on, each the child of the one before;
 * out they go to settlement, which stores their effect and the cursor in one commit. A crash loses nothing: the next run
 * begins at the cursor. Nobody waits for a receipt; what was mined while the service was down is found by the same loop.
 */
import { setTimeout as delay } from "node:timers/promises";
import { PaymentError, type ErrorCode } from "../errors.ts";
import { followBlocks, wrongChain, type FollowBlocksDeps, type Position } from "./follow-blocks.ts";
import { listenToHeads } from "./heads.ts";

export interface FollowDeps extends FollowBlocksDeps {
  loadCursor(): Promise<Position | undefined>;
  /** Stores where following begins, unless another instance has; answers what is stored. */
  storeFirstCursor(first: Position): Promise<Position>;
}

export interface FollowOptions {
  /** Where to begin on the very first start: the block that deployed PayOnce. The chain's head unless given. */
  readonly startBlock?: bigint;
}

const RETRY_FIRST_MS = 50;
/** A block that one node announced and another has not got yet is there within milliseconds. */
const UNKNOWN_RETRY_MS = 100;
/** Longer than that it is no mere lag between two nodes, and said aloud. */
const LAG_TOLD_AFTER_MS = 5_000;
/** A node or database that is back is noticed within this. */
const RETRY_MAX_MS = 2_000;
/** Only a person mends a wrong chain; a look a second costs nothing. */
const MISMATCH_RETRY_MS = 1_000;

/**
 * Follows the chain until the signal aborts; the work of whoever holds the chain's lease. Node and database may be away
 * at any time: it says so once, waits and goes on. A node on another chain raises the alarm, and following stands still
 * until the right one is back: what was followed is never rewritten.
 */
export async function followChain(
  deps: FollowDeps,
  options: FollowOptions,
  signal: AbortSignal,
): Promise<void> {
  const heads = listenToHeads(deps.reader, signal);
  const troubles = createTroubles(deps);
  let retryMs = RETRY_FIRST_MS;
  const onProgress = () => {
    retryMs = RETRY_FIRST_MS;
    troubles.over();
  };
  while (!signal.aborted) {
    try {
      const start = await findStart(deps, options);
      await followBlocks(deps, { start, heads }, onProgress, signal);
      // Another process moved the cursor: wait a moment, so that two followers never race in a tight loop.
      await pause(RETRY_FIRST_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      await troubles.note(error);
      await pause(waitAfter(error, retryMs), signal);
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
    }
  }
}

function waitAfter(error: unknown, retryMs: number): number {
  if (isWrongChain(error)) return MISMATCH_RETRY_MS;
  return codeOf(error) === "CHAIN_BLOCK_UNKNOWN" ? UNKNOWN_RETRY_MS : retryMs;
}

/** The cursor, after making sure that the node is on the chain it belongs to. */
async function findStart(deps: FollowDeps, options: FollowOptions): Promise<Position> {
  const { reader } = deps;
  const stored = await deps.loadCursor();
  if (!stored) {
    const first = await reader.header(options.startBlock ?? (await reader.headNumber()));
    return deps.storeFirstCursor({ number: first.number, hash: first.hash });
  }
  const header = await reader.header(stored.number);
  if (header.hash !== stored.hash) throw wrongChain(stored, header.hash);
  return stored;
}

function isWrongChain(error: unknown): error is PaymentError {
  return codeOf(error) === "DEPLOYMENT_MISMATCH";
}

function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof PaymentError ? error.code : undefined;
}

/** Says each trouble once, however often it is met, and once when it is over. */
function createTroubles(deps: FollowDeps) {
  const { log } = deps;
  let current: { code: ErrorCode | undefined; sinceMs: number; isTold: boolean } | undefined;
  return {
    async note(error: unknown): Promise<void> {
      const code = codeOf(error);
      if (!current || current.code !== code) {
        current = { code, sinceMs: performance.now(), isTold: false };
      }
      const isLag = code === "CHAIN_BLOCK_UNKNOWN";
      const isShort = isLag && performance.now() - current.sinceMs < LAG_TOLD_AFTER_MS;
      if ((current.isTold && code !== undefined) || isShort) return;
      if (isWrongChain(error)) await alarm(error);
      else log.warn({ err: error }, "following waits, and tries again");
      current.isTold = true;
    },
    over(): void {
      if (current?.isTold) log.info({ code: current.code }, "following again");
      current = undefined;
    },
  };

  async function alarm({ message, context }: PaymentError): Promise<void> {
    const details = { ...context, message };
    const raising = deps.raiseAlarm({
      kind: "chain_mismatch",
      paymentId: null,
      generation: null,
      details,
    });
    // An alarm that cannot be stored has been logged all the same, and must not end the following.
    await raising.catch((cause: unknown) => log.error({ err: cause }, "the alarm was not stored"));
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
