import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { openTotals } from "../sampling/open-totals.ts";
import { readBacklog } from "../sampling/read-backlog.ts";
import { readOpenPayments } from "../sampling/read-open-payments.ts";
import { readWithIndexes } from "../sampling/read-with-indexes.ts";
import { listPauses } from "./list-pauses.ts";

const watermarkRow = z.object({
  verifiedUntil: z.date().transform((date) => date.toISOString()),
  verifiedBlock: z.bigint().transform(Number),
  mismatches: z.number(),
});

/** How the whole deployment stands, by the database; the same figures as `/metrics` has. Throws DATABASE_*. */
export async function readStatus(
  pool: Database,
  instance: { readonly chainId: number; readonly payOnce: string },
) {
  const { open, backlog } = await readWithIndexes(pool, async (tx) => ({
    open: await readOpenPayments(tx),
    backlog: await readBacklog(tx, instance),
  }));
  const { moving, held } = openTotals(open);
  return {
    open: moving,
    held,
    pauses: await askDatabase(() => listPauses(pool)),
    isRestoreOpen: backlog.isRestoreOpen,
    outbox: {
      pending: backlog.outboxPending,
      oldestAgeSeconds: backlog.outboxOldestAge,
      refused: backlog.outboxRefused,
    },
    deadLetters: { open: backlog.deadLetters, oldestAgeSeconds: backlog.deadLettersOldestAge },
    liveEvents: { unnumberedOldestAgeSeconds: backlog.liveUnnumberedAge },
    followedBlock: backlog.followedBlock === 0 ? null : backlog.followedBlock,
    verification: await askDatabase(() =>
      pool.maybeOne(sql.type(watermarkRow)`
        SELECT checked_until AS "verifiedUntil", block_number AS "verifiedBlock", jsonb_array_length(suspects) AS mismatches
        FROM verify_watermark`),
    ),
  };
}
