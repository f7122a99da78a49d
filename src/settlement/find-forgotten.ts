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

/** Ids that one call passes at most while it looks for those of a state that has no index. */
const PASSED_MAX = 5_000;

type Look = "found" | "nothing" | "later";

/**
 * Looks in Circle's list for transfers of payments that were known before a restore and have no send of theirs here: in
 * review, round and round; failed, because a later generation may be forgotten, until a round after each restore has left
 * nothing open. Found by the ids that our sends have, it is written down, and the chain decides. Each call looks at the
 * next few of them.
 */
export function createForgottenSweep(
  deps: ForgottenDeps,
  state: "review" | "failed",
): (signal: AbortSignal) => Promise<number> {
  let after = BEFORE_ALL;
  let restEndsMs = 0;
  let isOpen = false;
  /** The restore whose failed payments have all been looked at. */
  let done: number | null = null;
  return async (signal) => {
    if (performance.now() < restEndsMs) return 0;
    const restoredAt = await readRestoredAt(deps);
    if (restoredAt === null || (state === "failed" && done === restoredAt)) return 0;
    const upTo = state === "failed" ? await readPartEnd(deps, after) : null;
    const rows = await askDatabase(() => readForgotten(deps, state, { after, upTo }));
    let found = 0;
    for (const row of rows) {
      const look = await lookFor(deps, toExpected(row, deps.tokens), signal);
      if (look === "found") found += 1;
      if (look === "later") isOpen = true;
      after = row.id;
    }
    if (rows.length === LOOKED_AT_MAX) return found;
    if (upTo !== null) {
      after = upTo;
      return found;
    }
    if (!isOpen) done = restoredAt;
    after = BEFORE_ALL;
    isOpen = false;
    restEndsMs = performance.now() + ROUND_EVERY_MS;
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

const idRow = z.object({ id: z.string() });

/** Null: the rest is less than that. */
async function readPartEnd({ pool }: ForgottenDeps, after: string): Promise<string | null> {
  const row = await askDatabase(() =>
    pool.maybeOne(sql.prepared("settle-forgotten-part", idRow)`
      SELECT id FROM payments WHERE id > ${after}::uuid ORDER BY id OFFSET ${PASSED_MAX} LIMIT 1`),
  );
  return row?.id ?? null;
}

/** All of them for a day after a restore: callers' times prove little. */
function readForgotten(
  { pool }: ForgottenDeps,
  state: "review" | "failed",
  { after, upTo }: { readonly after: string; readonly upTo: string | null },
) {
  return pool.any(sql.prepared("settle-forgotten-transfers", expectedRow)`
    SELECT ${expectedColumns} FROM ${expectedTables}, deployment d
    WHERE p.state = ${state} AND p.transaction_id IS NULL AND p.id > ${after}::uuid
      AND p.id <= coalesce(${upTo}::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND (p.method IS NULL OR p.method = 'transfer')
      AND (least(p.accepted_at, p.occurred_at) < d.restored_at OR d.restored_at > payment_now() - interval '1 day')
    ORDER BY p.id LIMIT ${LOOKED_AT_MAX}
  `);
}

async function lookFor(
  deps: ForgottenDeps,
  expected: ExpectedTransfer,
  signal: AbortSignal,
): Promise<Look> {
  const { paymentId, token, since } = expected;
  if (token === null) return "nothing";
  const from = new Date(since.getTime() - CLOCK_SLACK_MS);
  const ids = idsOf(expected);
  let look: Look = "nothing";
  for (const route of routesOf(expected)) {
    const listed = (await deps.finder.find({ ...route, from }, signal)) ?? [];
    for (const found of listed) {
      const generation = ids.get(found.refId);
      if (generation === undefined || found.isUnpaid) continue;
      // What has no hash yet is on its way.
      if (found.txHash === null) look = "later";
      else if (await remember(deps, expected, { found, route, token, generation })) return "found";
      else deps.log.error({ paymentId, found }, "a forgotten transfer does not fit its payment");
    }
  }
  return look;
}

interface Route {
  readonly payer: string;
  readonly recipient: string;
}

/** Of its own terms, and of today's directory. */
function routesOf({ payer, recipient, directory }: ExpectedTransfer): Route[] {
  const routes = [{ payer, recipient }, directory].flatMap((each) =>
    each.payer !== null && each.recipient !== null
      ? [{ payer: each.payer, recipient: each.recipient }]
      : [],
  );
  const [own, today] = routes;
  const isSame = own?.payer === today?.payer && own?.recipient === today?.recipient;
  return isSame ? routes.slice(0, 1) : routes;
}

interface Candidate {
  readonly found: FoundTransfer;
  readonly route: Route;
  readonly token: string;
  readonly generation: number;
}

async function remember(
  deps: ForgottenDeps,
  { paymentId, state, generation: readIn, gross }: ExpectedTransfer,
  { found, route, token, generation }: Candidate,
): Promise<boolean> {
  const { txHash, amount, refId: sendId, walletId, circleId: id, circleState } = found;
  // Terms of what was forgotten may differ from those that are known: the chain's are what happened.
  if (txHash === null || amount === null || !isNetOf(amount, { net: null, gross })) return false;
  const remembered = {
    paymentId,
    from: { state, generation: readIn },
    generation,
    terms: { ...route, token, amount },
    txHash,
    circle: { sendId, walletId, id, state: circleState },
  };
  const written = await transact(deps.pool, (tx) =>
    rememberTransfer(tx, deps.instance, remembered),
  );
  if (written === undefined) return false;
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
