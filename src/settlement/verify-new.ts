import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { loadCursor, type Cursor } from "./cursor.ts";
import { newIn, type Window } from "./ledger-check.ts";
import { MISMATCHES_MAX, runChecks } from "./run-checks.ts";
import type { CheckReport, Mismatch } from "./verification.ts";
import { cursorMismatch, timed, type VerifyDeps } from "./verify.ts";
import { verifyChain } from "./verify-chain.ts";
import { pickThese, verifySlots } from "./verify-slots.ts";

export interface NewVerification {
  readonly checks: readonly CheckReport[];
  /** All that are known now, those of earlier looks included as long as they last. */
  readonly mismatches: readonly Mismatch[];
  /** Those that were found some seconds ago for the first time and are still there; each is named here once. */
  readonly lasting: readonly Mismatch[];
  /** Whether some were found of which only a later look can say that they last. */
  readonly hasDoubt: boolean;
  /** Whether everything up to now is verified; otherwise the next call goes on. */
  readonly isCaughtUp: boolean;
}

/** What one look takes on: five minutes of Arc's blocks, ten of the clock. */
const BLOCKS_MAX = 600n;
const TIME_MAX_MS = 600_000;
/** A commit is seen later than the time that it wrote, by as long as a transaction may take. */
const OVERLAP_MS = 60_000;
/** What is on its way to be right, as after a restore was confirmed, is right after this. */
const PASSING_MS = 5_000;
/** More than these are not remembered: whoever has so many mends more than rows. */
const SUSPECTS_MAX = 500;
const SLOTS_MAX = 500;

const suspect = z.object({
  kind: z.string(),
  paymentId: z.string().nullable(),
  blockNumber: z.string().nullable(),
  /** When it was first found, in ms. */
  sinceMs: z.number(),
  /** Whether a look has named it as lasting. */
  isTold: z.boolean(),
});
type Suspect = z.infer<typeof suspect>;
type Place = Omit<Suspect, "sinceMs" | "isTold">;
const watermarkRow = z.object({
  block_number: z.bigint(),
  checked_until: z.date(),
  suspects: z.array(suspect),
  now: z.date(),
});
type Watermark = z.infer<typeof watermarkRow>;

/**
 * Verifies what came since the last look, and again what was wrong then, and moves the watermark. The first look
 * begins here and now: what is older is the business of a full verification. Undefined before anything is followed.
 * Whoever follows the chain calls it; two at once would only look twice. Throws like `verifyLedger`.
 */
export async function verifyNew(
  deps: VerifyDeps,
  options: { readonly lateAfterMs: number },
): Promise<NewVerification | undefined> {
  const cursor = await loadCursor(deps.pool, deps.instance);
  if (!cursor) return undefined;
  const watermark = await readWatermark(deps.pool, cursor);
  const window = windowOf(watermark, cursor);
  const ledger = await runChecks(deps.pool, newIn(window, options.lateAfterMs));
  const chain = await timed("chain", () => verifyBlocks(deps, { cursor, window, watermark }));
  const slots = await timed("slots", async () => {
    const ids = await readTouched(deps.pool, window);
    const whole = await verifySlots(deps, pickThese(ids), SLOTS_MAX);
    return { rows: whole.checked, mismatches: whole.mismatches };
  });
  const mismatches = [...ledger.mismatches, ...chain.found, ...slots.found];
  const judged = judgeSuspects(watermark, mismatches);
  await storeWatermark(deps.pool, window, judged.suspects);
  return {
    checks: [...ledger.reports, chain.report, slots.report],
    mismatches,
    lasting: judged.lasting,
    hasDoubt: judged.suspects.some(({ isTold }) => !isTold),
    isCaughtUp: window.toBlock === cursor.number && window.until >= watermark.now,
  };
}

function judgeSuspects(
  { suspects: earlier, now }: Watermark,
  mismatches: readonly Mismatch[],
): { suspects: Suspect[]; lasting: Mismatch[] } {
  const known = new Map(earlier.map((one) => [keyOf(one), one]));
  const lasting: Mismatch[] = [];
  const suspects = mismatches.map((mismatch): Suspect => {
    const place = placeOf(mismatch);
    const { sinceMs, isTold } = known.get(keyOf(place)) ?? {
      sinceMs: now.getTime(),
      isTold: false,
    };
    const lasts = now.getTime() - sinceMs >= PASSING_MS;
    if (lasts && !isTold) lasting.push(mismatch);
    return { ...place, sinceMs, isTold: lasts };
  });
  return { suspects, lasting };
}

function windowOf(watermark: Watermark, cursor: Cursor): Window {
  const { block_number: fromBlock, checked_until: checkedUntil, suspects, now } = watermark;
  const farBlock = fromBlock + BLOCKS_MAX;
  const farTime = new Date(checkedUntil.getTime() + TIME_MAX_MS);
  return {
    fromBlock,
    toBlock: farBlock < cursor.number ? farBlock : cursor.number,
    since: new Date(checkedUntil.getTime() - OVERLAP_MS),
    until: farTime < now ? farTime : now,
    paymentIds: [...new Set(suspects.flatMap(({ paymentId }) => paymentId ?? []))],
  };
}

interface Look {
  readonly cursor: Cursor;
  readonly window: Window;
  readonly watermark: Watermark;
}

async function verifyBlocks(deps: VerifyDeps, { cursor, window, watermark }: Look) {
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

async function readWatermark(pool: Database, cursor: Cursor): Promise<Watermark> {
  return askDatabase(async () => {
    await pool.query(sql.type(anyRow)`
      INSERT INTO verify_watermark (block_number, checked_until) VALUES (${cursor.number}, payment_now())
      ON CONFLICT (only_row) DO NOTHING
    `);
    return pool.one(sql.type(watermarkRow)`
      SELECT block_number, checked_until, suspects, payment_now() AS now FROM verify_watermark
    `);
  });
}

const idRow = z.object({ id: z.string() });

async function readTouched(pool: Database, window: Window): Promise<readonly string[]> {
  const { preamble } = newIn(window, 0);
  const rows = await askDatabase(() =>
    pool.any(sql.type(idRow)`${preamble} SELECT id FROM touched LIMIT ${SLOTS_MAX}`),
  );
  return rows.map(({ id }) => id);
}

async function storeWatermark(
  pool: Database,
  window: Window,
  suspects: readonly Suspect[],
): Promise<void> {
  const kept = suspects.slice(0, SUSPECTS_MAX);
  await askDatabase(() =>
    pool.query(sql.type(anyRow)`
      UPDATE verify_watermark SET block_number = ${window.toBlock}, checked_until = ${window.until.toISOString()}::timestamptz,
        suspects = ${JSON.stringify(kept)}::jsonb, updated_at = payment_now()
    `),
  );
}

function placeOf({ kind, paymentId, blockNumber }: Mismatch): Place {
  return { kind, paymentId, blockNumber: blockNumber?.toString() ?? null };
}

function keyOf({ kind, paymentId, blockNumber }: Place): string {
  return `${kind} ${paymentId ?? ""} ${blockNumber ?? ""}`;
}
