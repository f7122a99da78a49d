import { sql } from "slonik";
import { z } from "zod";
import { transact } from "../database/transact.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { FoundTransfer, TransferFinder } from "../payment/found-transfer.ts";
import { transferKeyOf } from "../payment/ids.ts";
import type { ConfirmDeps } from "./confirm-transfers.ts";
import {
  expectedColumns,
  expectedRow,
  expectedTables,
  isNetOf,
  toExpected,
  type ExpectedTransfer,
} from "./expected-terms.ts";
import { rememberTransfer } from "./remember-transfer.ts";

export interface ForgottenDeps extends ConfirmDeps {
  readonly finder: TransferFinder;
}

/** Lists per sweep: a quarter of a second's worth of the account's GETs. */
const LOOKED_AT_MAX = 5;
/** What Circle does not list now, it may list later. */
const ROUND_EVERY_MS = 15_000;
/** A retry is an operator's act: nobody does more of them in what a backup forgets. */
const GENERATIONS_AHEAD = 8;
/** Tries, and ends for want of funds or room, which use up none. */
const SENDS_MAX = 32;
/** Callers' clocks may run ahead. */
const CLOCK_SLACK_MS = 24 * 60 * 60 * 1_000;
const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";

/**
 * Looks in Circle's list for transfers of payments that were known before a restore and have no send of theirs here: in
 * review, round and round; failed, because a later generation may be forgotten, in one round after each restore. Found by
 * the ids that our sends have, it is written down, and the chain decides. Each call looks at the next few of them.
 */
export function createForgottenSweep(
  deps: ForgottenDeps,
  state: "review" | "failed",
): (signal: AbortSignal) => Promise<number> {
  let after = BEFORE_ALL;
  let restEndsMs = 0;
  /** The restore whose failed payments have all been looked at. */
  let done: number | null = null;
  return async (signal) => {
    if (performance.now() < restEndsMs) return 0;
    const restoredAt = await readRestoredAt(deps);
    if (restoredAt === null || (state === "failed" && done === restoredAt)) return 0;
    const rows = await askDatabase(() => readForgotten(deps, state, after));
    let found = 0;
    for (const row of rows) {
      if (await lookFor(deps, toExpected(row, deps.tokens), signal)) found += 1;
      after = row.id;
    }
    if (rows.length < LOOKED_AT_MAX) {
      after = BEFORE_ALL;
      restEndsMs = performance.now() + ROUND_EVERY_MS;
      done = restoredAt;
    }
    return found;
  };
}

const restoredRow = z.object({ restored_at: z.date().nullable() });

async function readRestoredAt({ pool }: ForgottenDeps): Promise<number | null> {
  const row = await askDatabase(() =>
    pool.maybeOne(sql.prepared("settle-restored-at", restoredRow)`
      SELECT restored_at FROM deployment`),
  );
  return row?.restored_at?.getTime() ?? null;
}

/** All of them for a day after a restore: callers' times prove little. */
function readForgotten({ pool }: ForgottenDeps, state: string, after: string) {
  return pool.any(sql.prepared("settle-forgotten-transfers", expectedRow)`
    SELECT ${expectedColumns} FROM ${expectedTables}, deployment d
    WHERE p.state = ${state} AND p.transaction_id IS NULL AND p.id > ${after}::uuid
      AND (p.method IS NULL OR p.method = 'transfer')
      AND (least(p.accepted_at, p.occurred_at) < d.restored_at OR d.restored_at > payment_now() - interval '1 day')
    ORDER BY p.id LIMIT ${LOOKED_AT_MAX}
  `);
}

async function lookFor(
  deps: ForgottenDeps,
  expected: ExpectedTransfer,
  signal: AbortSignal,
): Promise<boolean> {
  const { paymentId, state, generation, payer, recipient, token, since } = expected;
  if (payer === null || recipient === null || token === null) return false;
  const from = new Date(since.getTime() - CLOCK_SLACK_MS);
  const listed = await deps.finder.find({ payer, recipient, from }, signal);
  const ids = idsOf(expected);
  const ours = (listed ?? []).filter((each) => ids.has(each.refId) && isPaying(each, expected));
  const [found, ...more] = ours;
  if (!found?.txHash || found.amount === null) return false;
  if (more.length > 0) {
    deps.log.error(
      { paymentId, transfers: ours },
      "Circle executed more than one of its transfers",
    );
  }
  const remembered = {
    paymentId,
    from: { state, generation },
    generation: ids.get(found.refId) ?? generation,
    terms: { payer, recipient, token, amount: found.amount },
    txHash: found.txHash,
    circle: {
      sendId: found.refId,
      walletId: found.walletId,
      id: found.circleId,
      state: found.circleState,
    },
  };
  const sendId = await transact(deps.pool, (tx) => rememberTransfer(tx, deps.instance, remembered));
  if (sendId === undefined) return false;
  deps.log.warn({ paymentId, sendId }, "found a transfer that a restored backup had forgotten");
  return true;
}

/** The generation of every id that a send of the payment may have had; of a failed one, only later generations count. */
function idsOf({ paymentId, state, generation }: ExpectedTransfer): Map<string, number> {
  const ids = new Map<string, number>();
  const first = state === "failed" ? generation + 1 : generation;
  for (let each = first; each <= generation + GENERATIONS_AHEAD; each += 1) {
    for (let send = 1; send <= SENDS_MAX; send += 1) {
      ids.set(transferKeyOf(paymentId, each, send), each);
    }
  }
  return ids;
}

/** Circle has a transaction for it and has not called it unpaid; one without a hash is looked for again. */
function isPaying({ txHash, amount, isUnpaid }: FoundTransfer, { gross }: ExpectedTransfer) {
  // Terms of a later generation may differ from those that are known.
  return txHash !== null && !isUnpaid && amount !== null && isNetOf(amount, { net: null, gross });
}
