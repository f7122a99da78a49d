import { randomUUID } from "node:crypto";
import type { Database } from "../database/pool.ts";
import { loadCursor, loadFirstBlock } from "./cursor.ts";
import { wholeLedger } from "./ledger-check.ts";
import type { Instance } from "./load-ledger.ts";
import { MISMATCHES_MAX, runChecks } from "./run-checks.ts";
import type { CheckReport, Mismatch } from "./verification.ts";
import { verifyChain, type BlockRange, type ChainSource } from "./verify-chain.ts";
import { pickAny, verifySlots, type SlotSource } from "./verify-slots.ts";

export interface VerifyDeps {
  readonly pool: Database;
  readonly instance: Instance;
  readonly chain: ChainSource & SlotSource;
}

export interface VerifyOptions {
  /** The last 10,000 blocks up to the cursor unless given. */
  readonly range?: Partial<BlockRange>;
  /** How many payments' slots to ask for, or all; a random thousand unless told. */
  readonly slots?: number | "all";
  /** How old something under way must be to be late. */
  readonly lateAfterMs: number;
}

export interface Verification {
  /** What was checked, in order. */
  readonly checks: readonly CheckReport[];
  readonly mismatches: readonly Mismatch[];
  /** There may be more than are listed. */
  readonly isCut: boolean;
  /** Read again from the chain; null before the first block was followed. */
  readonly blocksChecked: BlockRange | null;
}

/** About an hour and a half of Arc; more where the caller gives the range. */
const BLOCKS_DEFAULT = 10_000n;
const SLOTS_DEFAULT = 1_000;

/**
 * Compares payments, outcomes, events, inbox, sends and stored logs with one another, the stored logs with the chain
 * itself, and payments with their slots. Changes nothing; may run beside the service, under the reading role. Set
 * operations and bounded lists, so memory does not grow with the ledger. Throws `PaymentError` where database or chain
 * did not answer.
 */
export async function verifyLedger(
  deps: VerifyDeps,
  options: VerifyOptions,
): Promise<Verification> {
  const { reports, mismatches } = await runChecks(deps.pool, wholeLedger(options.lateAfterMs));
  const blocks = await verifyBlocks(deps, options.range ?? {});
  const slots = await timed("slots", async () => {
    const isAll = options.slots === "all";
    const limit = isAll ? Number.MAX_SAFE_INTEGER : (options.slots ?? SLOTS_DEFAULT);
    const whole = await verifySlots(deps, isAll ? pickAny : pickFrom(randomUUID()), limit);
    return { rows: whole.checked, mismatches: whole.mismatches };
  });
  const lists = [mismatches, blocks.found, slots.found];
  return {
    checks: [...reports, blocks.report, slots.report],
    mismatches: lists.flatMap((list) => list),
    isCut: [...reports, blocks.report].some((report) => report.mismatches >= MISMATCHES_MAX),
    blocksChecked: blocks.range,
  };
}

/** Wraps a check that is no single statement into the report of one. */
export async function timed(
  name: string,
  check: () => Promise<{ rows: number; mismatches: Mismatch[] }>,
): Promise<{ report: CheckReport; found: Mismatch[] }> {
  const started = performance.now();
  const { rows, mismatches: found } = await check();
  const ms = Math.round(performance.now() - started);
  return { report: { name, rows, ms, mismatches: found.length }, found };
}

function pickFrom(start: string): typeof pickAny {
  return (afterId, count) => pickAny(afterId > start ? afterId : start, count);
}

async function verifyBlocks(deps: VerifyDeps, wanted: Partial<BlockRange>) {
  let range: BlockRange | null = null;
  const checked = await timed("chain", async () => {
    const cursor = await loadCursor(deps.pool, deps.instance);
    if (!cursor) return { rows: 0, mismatches: [] };
    const differing = await cursorMismatch(deps.chain, cursor);
    if (differing.length > 0) return { rows: 0, mismatches: differing };
    // Beyond the cursor nothing is stored yet; that is no mismatch.
    const toBlock = least(wanted.toBlock ?? cursor.number, cursor.number);
    const lately = toBlock < BLOCKS_DEFAULT ? 0n : toBlock - BLOCKS_DEFAULT + 1n;
    const first = await loadFirstBlock(deps.pool, deps.instance);
    const earliest = first === undefined || first < lately ? lately : first + 1n;
    range = { fromBlock: wanted.fromBlock ?? earliest, toBlock };
    return verifyChain(deps, range, MISMATCHES_MAX);
  });
  return { ...checked, range };
}

/** Another chain than the one that was followed is said first, and not compared log by log. */
export async function cursorMismatch(
  chain: ChainSource,
  cursor: { readonly number: bigint; readonly hash: string },
): Promise<Mismatch[]> {
  const head = await chain.header(cursor.number);
  if (head.hash === cursor.hash) return [];
  const detail = `block ${cursor.number} was followed as ${cursor.hash}, the chain has ${head.hash}`;
  const kind = "cursor_differs";
  return [{ kind, severity: "broken", paymentId: null, blockNumber: cursor.number, detail }];
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
