import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";

/** What stands about beside the payments. Ages are in seconds, 0 where there is nothing. */
export interface Backlog {
  readonly deadLetters: number;
  readonly deadLettersOldestAge: number;
  readonly outboxPending: number;
  readonly outboxOldestAge: number;
  readonly outboxRefused: number;
  readonly liveUnnumberedAge: number;
  readonly isPaused: boolean;
  readonly pausedPlatforms: number;
  readonly isRestoreOpen: boolean;
  /** 0 before following began, and where payments are plain transfers. */
  readonly followedBlock: number;
}

/** Of more than so many letters or records, so many are counted. */
const ROWS_MAX = 10_000;

const backlogRow = z.object({
  deadLetters: z.number(),
  deadLettersOldestAge: z.number(),
  outboxPending: z.number(),
  outboxOldestAge: z.number(),
  outboxRefused: z.number(),
  liveUnnumberedAge: z.number(),
  isPaused: z.boolean(),
  pausedPlatforms: z.number(),
  isRestoreOpen: z.boolean(),
  followedBlock: z.number(),
});

/** The oldest come first, so that a bound never hides the oldest. */
export async function readBacklog(
  db: CommonQueryMethods,
  instance: { readonly chainId: number; readonly payOnce: string },
): Promise<Backlog> {
  return db.one(sql.type(backlogRow)`
    SELECT letters.*, records.*,
      ${ageOf(sql.fragment`(SELECT queued_at FROM live_unnumbered ORDER BY position LIMIT 1)`)} AS "liveUnnumberedAge",
      EXISTS (SELECT FROM pauses WHERE scope = '*') AS "isPaused",
      (SELECT count(*)::int FROM pauses WHERE scope <> '*') AS "pausedPlatforms",
      EXISTS (SELECT FROM restores WHERE closed_at IS NULL) AS "isRestoreOpen",
      coalesce((SELECT block_number FROM chain_cursors
        WHERE chain_id = ${instance.chainId} AND pay_once = ${instance.payOnce}), 0)::float8 AS "followedBlock"
    FROM (
      SELECT count(*)::int AS "deadLetters", ${ageOf(sql.fragment`min(created_at)`)} AS "deadLettersOldestAge"
      FROM (SELECT created_at FROM dead_letters WHERE status = 'open' ORDER BY created_at LIMIT ${ROWS_MAX}) d
    ) letters, (
      SELECT count(*) FILTER (WHERE refused_at IS NULL)::int AS "outboxPending",
        ${ageOf(sql.fragment`min(created_at) FILTER (WHERE refused_at IS NULL)`)} AS "outboxOldestAge",
        count(refused_at)::int AS "outboxRefused"
      FROM (SELECT created_at, refused_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT ${ROWS_MAX}) o
    ) records
  `);
}

function ageOf(oldest: ReturnType<typeof sql.fragment>) {
  return sql.fragment`greatest(0, coalesce(extract(epoch FROM payment_now() - ${oldest}), 0))::float8`;
}
