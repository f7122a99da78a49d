import { sql } from "slonik";
import { z } from "zod";
import { askDatabase } from "../database/translate-error.ts";
import { PaymentError } from "../errors.ts";
import {
  replayDeadLetter,
  type ReplayDeps,
  type ReplayOrder,
  type ReplayResult,
} from "./replay-dead-letter.ts";

export interface LetterFilter {
  readonly code?: string | undefined;
  readonly platformId?: string | undefined;
}

export interface LetterSelection {
  readonly filter: LetterFilter;
  /** 1 to 500. */
  readonly limit: number;
}

const REPLAYS_MAX = 500;

const idRow = z.object({ id: z.string() });

/**
 * The open letters that a replay by filter takes: those replayed least lately first, so that hopeless ones, which stay
 * open, never stand before the others. Throws OPERATION_REFUSED (reject) for a limit out of range.
 */
export async function selectLetters(
  { pool }: Pick<ReplayDeps, "pool">,
  { filter, limit }: LetterSelection,
): Promise<readonly string[]> {
  assertCount(limit);
  const { code = null, platformId = null } = filter;
  const rows = await askDatabase(() =>
    pool.any(sql.type(idRow)`
      SELECT id FROM dead_letters
      WHERE status = 'open' AND (${code}::text IS NULL OR code = ${code})
        AND (${platformId}::text IS NULL OR platform_id = ${platformId})
      ORDER BY replayed_at NULLS FIRST, created_at, id
      LIMIT ${limit}
    `),
  );
  return rows.map(({ id }) => id);
}

/**
 * Replays letters one by one, each in a commit of its own: whatever becomes of one, its neighbours get theirs. Stops
 * with the error where a part is away; done again, it does what is left.
 */
export async function replayDeadLetters(
  deps: ReplayDeps,
  ids: readonly string[],
  order: ReplayOrder,
): Promise<readonly (ReplayResult & { readonly deadLetterId: string })[]> {
  assertCount(ids.length === 0 ? 1 : ids.length);
  const results: (ReplayResult & { deadLetterId: string })[] = [];
  for (const deadLetterId of new Set(ids)) {
    results.push({ deadLetterId, ...(await replayDeadLetter(deps, deadLetterId, order)) });
  }
  return results;
}

function assertCount(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= REPLAYS_MAX) return;
  const message = `A replay takes 1 to ${REPLAYS_MAX} dead letters, not ${count}.`;
  throw new PaymentError("OPERATION_REFUSED", "reject", message);
}
