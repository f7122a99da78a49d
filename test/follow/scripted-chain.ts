import { PaymentError } from "../../src/errors.ts";
import type {
  BlockHeader,
  ChainReader,
  FollowedBlock,
  PayOnceLog,
  Receipt,
} from "../../src/follow/chain-reader.ts";
import type { Position } from "../../src/follow/follow-blocks.ts";
import { refOf } from "../../src/payment/ids.ts";

/** A chain that a test writes block by block; stands in for a node at the port. */
export function createScriptedChain(length: number) {
  let fork = "a";
  let blocks = Array.from({ length }, (_, n) => blockAt(BigInt(n), fork));
  let onHead: (number: bigint) => void = () => undefined;
  const nonces = new Map<string, bigint>();
  const receipts = new Map<string, Receipt>();
  /** How far this node lags behind what it announces. */
  let lag = 0;
  let down = false;
  let refusals = 0;
  let onRefusal: () => void = () => undefined;
  const refuse = (code: "CHAIN_UNAVAILABLE" | "CHAIN_BLOCK_UNKNOWN"): never => {
    refusals += 1;
    onRefusal();
    throw new PaymentError(code, "retry", "scripted");
  };
  let readsInFlight = 0;
  let readsAtOnce = 0;

  const head = () => BigInt(blocks.length - 1);
  const blockOf = (number: bigint) => {
    if (down) return refuse("CHAIN_UNAVAILABLE");
    const block = number > head() - BigInt(lag) ? undefined : blocks[Number(number)];
    return block ?? refuse("CHAIN_BLOCK_UNKNOWN");
  };
  const reader: ChainReader = {
    chainId: async () => 5042002,
    headNumber: async () => head(),
    header: async (number) => {
      readsInFlight += 1;
      readsAtOnce = Math.max(readsAtOnce, readsInFlight);
      await Promise.resolve();
      readsInFlight -= 1;
      return blockOf(number).header;
    },
    payOnceLogs: async ({ number }) => blockOf(number).logs,
    nonceAt: async (operator) => nonces.get(operator) ?? 0n,
    receiptOf: async (txHash) => receipts.get(txHash),
    findPaid: async () => undefined,
    isBlocked: async () => false,
    watchHeads: (callback) => void (onHead = callback),
  };
  return {
    reader,
    nonces,
    receipts,
    head,
    readsAtOnce: () => readsAtOnce,
    /** How often this node could not answer. */
    refusals: () => refusals,
    hearRefusals: (callback: () => void) => void (onRefusal = callback),
    positionAt: (n: number): Position => blockAt(BigInt(n), fork).header,
    /** Adds blocks; the last of them carries the logs. Nobody is told. */
    grow(count: number, logs: readonly PayOnceLog[] = []): void {
      for (let n = 1; n <= count; n += 1) {
        blocks.push(blockAt(head() + 1n, fork, n === count ? logs : []));
      }
    },
    announce: (number = head()) => onHead(number),
    setLag: (blocksBehind: number) => void (lag = blocksBehind),
    setDown: (isDown: boolean) => void (down = isDown),
    /** The node is started anew with another history of the same or another length. */
    restart(newFork: string, newLength = blocks.length): void {
      fork = newFork;
      blocks = Array.from({ length: newLength }, (_, n) => blockAt(BigInt(n), fork));
    },
  };
}

function blockAt(number: bigint, fork: string, logs: readonly PayOnceLog[] = []) {
  const hash = (n: bigint) => `0x${fork}${n}`;
  const header: BlockHeader = {
    number,
    hash: hash(number),
    parentHash: hash(number - 1n),
    timestamp: new Date(0),
  };
  return { header, logs };
}

export function voidedLog(n: number): PayOnceLog {
  const ref = refOf("00000000-0000-4000-8000-000000000000");
  return { kind: "voided", txHash: `0x${n}`, logIndex: 0, ref, generation: 1n };
}

/** Settlement with its cursor in memory; stands in for commit 3 at the port. */
export function createScriptedSettlement(start: Position | undefined) {
  let cursor = start;
  const commits: FollowedBlock[][] = [];
  const waiters: { readonly when: () => boolean; readonly resolve: () => void }[] = [];
  const wakeWaiters = () => {
    for (const { when, resolve } of waiters) if (when()) resolve();
  };
  let failures = 0;
  return {
    commits,
    logs: () => commits.flat().flatMap(({ logs }) => logs),
    cursor: () => cursor,
    moveTo: (position: Position) => void (cursor = position),
    failNext: (times: number) => void (failures = times),
    /** Resolves when `when` holds; looked at after each commit and each call of `poke`. */
    until: (when: () => boolean) =>
      new Promise<void>((resolve) => {
        waiters.push({ when, resolve });
        wakeWaiters();
      }),
    poke: wakeWaiters,
    ports: {
      loadCursor: async () => cursor,
      storeFirstCursor: async (first: Position) => (cursor ??= first),
      settle: async (blocks: readonly FollowedBlock[]) => {
        if (failures > 0) {
          failures -= 1;
          throw new PaymentError("DATABASE_UNAVAILABLE", "reconcile", "answer lost");
        }
        const parent = blocks[0]?.header.parentHash;
        const last = blocks.at(-1)?.header;
        if (!last || parent !== cursor?.hash) return { kind: "cursor_moved" as const };
        cursor = { number: last.number, hash: last.hash };
        commits.push([...blocks]);
        wakeWaiters();
        return { kind: "settled" as const };
      },
    },
  };
}
