import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { loadCursor, type Cursor } from "./cursor.ts";
import { COMMIT_MAX_MS, newIn, type Window } from "./ledger-check.ts";
import { pickWindow } from "./pick-window.ts";
import { addUp, MISMATCHES_MAX, runChecks, type Checked } from "./run-checks.ts";
import { judgeSuspects, suspect, type Judged } from "./suspects.ts";
import type { CheckReport, Mismatch } from "./verification.ts";
import { cursorMismatch, timed, type VerifyDeps } from "./verify.ts";
import { verifyChain } from "./verify-chain.ts";
import { verifyPayments } from "./verify-payments.ts";
import { pickThese, verifySlots } from "./verify-slots.ts";

export interface NewVerification {
  readonly checks: readonly CheckReport[];
  /** All that are known now, those of earlier looks included as long as they last. */
  readonly mismatches: readonly Mismatch[];
  /** Those that were found some seconds ago for the first time and are still there; each is named here once. */
  readonly lasting: readonly Mismatch[];
  /** Whether some were found of which only a later look can say that they last. */
  readonly hasDoubt: boolean;
  /** Whether everything up to now is verified, or up to a minute ago while much is new; otherwise the next look goes on. */
  readonly isCaughtUp: boolean;
  /** How long ago that was written which the next look begins with; a minute where it has caught up. */
  readonly lagMs: number;
  /** What the ledger's part took: the database's work, and the wait for it. */
  readonly workMs: number;
}

export interface NewOptions {
  /** How old something under way must be to be late. */
  readonly lateAfterMs: number;
  /** Rows of a kind that are taken at a time. */
  readonly rowsMax?: number;
  /** Once the database has worked for so long, the rest is left to the next look. */
  readonly workMaxMs?: number;
}

const ROWS_MAX = 5_000;
const WORK_MAX_MS = 1_500;
/** What one look asks of the chain: five minutes of Arc's blocks. */
const BLOCKS_MAX = 600n;
/** More than these are not remembered: whoever has so many mends more than rows. */
const SUSPECTS_MAX = 500;
const SLOTS_MAX = 500;

const watermarkRow = z
  .object({
    block_number: z.bigint(),
    since: z.date(),
    suspects: z.array(suspect),
    now: z.date(),
  })
  .transform(({ block_number: fromBlock, ...row }) => ({ fromBlock, ...row }));
type Watermark = z.infer<typeof watermarkRow>;

/**
 * Verifies what came since the last look, and again what was wrong then, and moves the watermark; of much, as much as the
 * database does in a second or two, the oldest first. The first look begins here and now: what is older is the business of
 * a full verification. Undefined before anything is followed. Whoever follows the chain calls it; two at once would only
 * look twice. Throws like `verifyLedger`.
 */
export async function verifyNew(
  deps: VerifyDeps,
  options: NewOptions,
): Promise<NewVerification | undefined> {
  const cursor = await loadCursor(deps.pool, deps.instance);
  if (!cursor) return undefined;
  const started = performance.now();
  const watermark = await readWatermark(deps.pool, cursor);
  const taken = await takeParts(deps.pool, { cursor, watermark }, options);
  const { window } = taken;
  const ledger = await runChecks(deps.pool, newIn(window, cursor.number, options.lateAfterMs));
  const workMs = performance.now() - started;
  const chain = await timed("chain", () => verifyBlocks(deps, { cursor, window, watermark }));
  const slots = await timed("slots", async () => {
    const whole = await verifySlots(deps, pickThese(taken.someIds), SLOTS_MAX);
    return { rows: whole.checked, mismatches: whole.mismatches };
  });
  const mismatches = [
    ...taken.checked.mismatches,
    ...ledger.mismatches,
    ...chain.found,
    ...slots.found,
  ];
  const judged = judgeSuspects(watermark, mismatches);
  const checkedUntil = await storeWatermark(deps.pool, { window, watermark, judged });
  return {
    checks: [...taken.checked.reports, ...ledger.reports, chain.report, slots.report],
    mismatches,
    lasting: judged.lasting,
    hasDoubt: judged.suspects.some(({ isTold }) => !isTold),
    isCaughtUp: taken.isAll && !judged.isWindowHeld,
    workMs,
    lagMs: watermark.now.getTime() - checkedUntil.getTime(),
  };
}

interface Look {
  readonly cursor: Cursor;
  readonly watermark: Watermark;
}

interface Taken {
  /** All of them together. */
  readonly window: Window;
  readonly checked: Checked;
  readonly someIds: readonly string[];
  readonly isAll: boolean;
}

/** Window after window, at least one, until all is taken or the database has worked for long enough. */
async function takeParts(
  pool: Database,
  { cursor, watermark }: Look,
  { rowsMax = ROWS_MAX, workMaxMs = WORK_MAX_MS }: NewOptions,
): Promise<Taken> {
  const { now, fromBlock, since } = watermark;
  const far = fromBlock + BLOCKS_MAX;
  const lastBlock = far < cursor.number ? far : cursor.number;
  const again = new Set(watermark.suspects.flatMap(({ paymentId }) => paymentId ?? []));
  const parts = [await verifyPayments(pool, [...again])];
  const someIds = [...again];
  const started = performance.now();
  let window: Window = { fromBlock, toBlock: fromBlock, since, until: since };
  for (;;) {
    const stretch = { fromBlock: window.toBlock, lastBlock, since: window.until, now };
    const next = await pickWindow(pool, stretch, rowsMax);
    const ids = (await readTouched(pool, next)).filter((id) => !again.has(id));
    parts.push(await verifyPayments(pool, ids));
    someIds.push(...ids.slice(0, SLOTS_MAX));
    const isMoving = next.toBlock > window.toBlock || next.until > window.until;
    window = { ...window, toBlock: next.toBlock, until: next.until };
    const isAll = !isMoving || (window.until >= now && window.toBlock === lastBlock);
    if (isAll || performance.now() - started >= workMaxMs) {
      const isFurther = window.toBlock === lastBlock && lastBlock < cursor.number;
      const checked = addUp(parts);
      return { window, checked, someIds: someIds.slice(0, SLOTS_MAX), isAll: isAll && !isFurther };
    }
  }
}

async function verifyBlocks(
  deps: VerifyDeps,
  { cursor, window, watermark }: Look & { readonly window: Window },
) {
  const differing = await cursorMismatch(deps.chain, cursor);
  if (differing.length > 0) return { rows: 0, mismatches: differing };
  const { fromBlock, toBlock } = window;
  const again = watermark.suspects.flatMap(({ kind, blockNumber }) =>
    blockNumber === null || kind === "cursor_differs" ? [] : [BigInt(blockNumber)],
  );
  const ranges = [...new Set(again)]
    .filter((block) => block <= fromBlock)
    .map((block) => ({ fromBlock: block, toBlock: block }));
  let rows = 0;
  const mismatches: Mismatch[] = [];
  for (const range of [...ranges, { fromBlock: fromBlock + 1n, toBlock }]) {
    const found = await verifyChain(deps, range, MISMATCHES_MAX);
    rows += found.rows;
    mismatches.push(...found.mismatches);
  }
  return { rows, mismatches };
}

/** An older service stored the present itself: what was committed since then may have been written before it. */
async function readWatermark(pool: Database, cursor: Cursor): Promise<Watermark> {
  return askDatabase(async () => {
    await pool.query(sql.type(anyRow)`
      INSERT INTO verify_watermark (block_number, checked_until) VALUES (${cursor.number}, payment_now())
      ON CONFLICT (only_row) DO NOTHING
    `);
    return pool.one(sql.type(watermarkRow)`
      SELECT block_number, suspects, payment_now() AS now,
        least(checked_until, updated_at - ${COMMIT_MAX_MS} * interval '1 millisecond') AS since
      FROM verify_watermark
    `);
  });
}

const idRow = z.object({ id: z.string() });

/** Read once for all checks by payment. */
async function readTouched(pool: Database, window: Window): Promise<readonly string[]> {
  const { recent, block } = newIn(window, window.toBlock, 0);
  const rows = await askDatabase(() =>
    pool.any(sql.type(idRow)`
      SELECT payment_id AS id FROM chain_events WHERE ${block(sql.fragment`block_number`)} AND payment_id IS NOT NULL
      UNION SELECT payment_id FROM payment_outcomes WHERE ${recent(sql.fragment`decided_at`)}
      UNION SELECT payment_id FROM inbox WHERE ${recent(sql.fragment`received_at`)}
    `),
  );
  return rows.map(({ id }) => id);
}

/** Answers up to when nothing has to be looked at again: what is as old was seen, however late it was committed. */
async function storeWatermark(
  pool: Database,
  looked: { readonly window: Window; readonly watermark: Watermark; readonly judged: Judged },
): Promise<Date> {
  const { window, watermark, judged } = looked;
  const { since, now, fromBlock } = watermark;
  const final = Math.min(window.until.getTime(), now.getTime() - COMMIT_MAX_MS);
  const isHeld = judged.isWindowHeld;
  const checkedUntil = isHeld ? since : new Date(Math.max(since.getTime(), final));
  const kept = judged.suspects.slice(0, SUSPECTS_MAX);
  await askDatabase(() =>
    pool.query(sql.type(anyRow)`
      UPDATE verify_watermark SET block_number = ${isHeld ? fromBlock : window.toBlock},
        checked_until = ${checkedUntil.toISOString()}::timestamptz, suspects = ${JSON.stringify(kept)}::jsonb,
        updated_at = ${now.toISOString()}::timestamptz
    `),
  );
  return checkedUntil;
}
