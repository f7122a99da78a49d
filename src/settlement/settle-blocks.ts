/**
 * Settlement: commit 3. In come the followed blocks; out go terminal events, retries and voids, and the cursor, all in one
 * transaction or not at all. After a crash the cursor says what is missing, and the same code does it again.
 */
import assert from "node:assert/strict";
import { transact } from "../database/transact.ts";
import { askDatabase } from "../database/translate-error.ts";
import { failpoint } from "../failpoint.ts";
import type { FollowedBlock } from "../payment/pay-once-log.ts";
import { askTokens, type TokenQuestions } from "./ask-tokens.ts";
import { moveCursor, type Cursor } from "./cursor.ts";
import { findMissingPaid, type PaidSearch } from "./find-missing-paid.ts";
import { placeFound, placeLogs, seenLogs } from "./place-logs.ts";
import { announceSettled, settleLogs, type Settled, type SettleDeps } from "./settle-logs.ts";
import { placeKey, storeLogs } from "./store-logs.ts";

export interface SettleBlocksDeps extends SettleDeps {
  readonly chain: TokenQuestions & PaidSearch;
}

export type SettleResult =
  | ({ readonly kind: "settled"; readonly cursor: Cursor } & Omit<Settled, "startedAt">)
  /** Another process has followed on from here: nothing was written. */
  | { readonly kind: "cursor_moved" };

const NOTHING: Omit<Settled, "startedAt"> = {
  logs: 0,
  outcomes: [],
  retried: 0,
  waiting: 0,
  voiding: 0,
  reviewed: 0,
  alarms: [],
  sendsMined: 0,
};

/**
 * Settles consecutive blocks in one commit and moves the cursor from the first one's parent to the last one.
 * The chain is asked before the transaction, never inside it. Throws `PaymentError` DATABASE_*; with `reconcile` the
 * commit may have happened, and settling the same blocks again answers `cursor_moved`.
 */
export async function settleBlocks(
  deps: SettleBlocksDeps,
  blocks: readonly FollowedBlock[],
): Promise<SettleResult> {
  const [from, to] = spanOf(blocks);
  const followed = placeLogs(blocks);
  if (followed.length === 0) {
    await failpoint("cursor.before_idle_move");
    const moved = await askDatabase(() => moveCursor(deps.pool, deps.instance, from, to));
    return moved ? { kind: "settled", cursor: to, ...NOTHING } : { kind: "cursor_moved" };
  }
  await failpoint("settle.before");
  const [causeOf, found] = await Promise.all([
    askTokens(deps, followed),
    findMissingPaid(deps, followed),
  ]);
  const read = placeFound(found, followed);
  const settled = await transact<Settled, undefined>(deps.pool, async (tx, rollBack) => {
    const askedAtMs = performance.now();
    const now = await moveCursor(tx, deps.instance, from, to);
    if (!now) return rollBack(undefined);
    const places = seenLogs(read, { now, askedAtMs });
    const fresh = await storeLogs(tx, deps.instance, places);
    const counting = places.filter(
      ({ log }) => log.kind !== "refused" || fresh.has(placeKey(log.txHash, log.logIndex)),
    );
    const effects = await settleLogs(tx, deps, counting, { now, causeOf });
    await failpoint("settle.before_commit");
    return effects;
  });
  if (!settled) return { kind: "cursor_moved" };
  await failpoint("settle.committed");
  announceSettled(deps, settled);
  await failpoint("settle.announced");
  return { kind: "settled", cursor: to, ...settled };
}

/** The cursor before the first block and after the last. */
function spanOf(blocks: readonly FollowedBlock[]): [Cursor, Cursor] {
  const first = blocks[0]?.header;
  const last = blocks.at(-1)?.header;
  assert(first && last, "no blocks to settle");
  blocks.reduce((parent, block) => {
    assert.equal(block.header.parentHash, parent.header.hash, "blocks out of order");
    return block;
  });
  return [
    { number: first.number - 1n, hash: first.parentHash },
    { number: last.number, hash: last.hash },
  ];
}
