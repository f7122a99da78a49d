import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { NO_CONTRACT } from "../payment/method.ts";
import type { RestoreState } from "./read-restore.ts";
import { readRestore } from "./read-restore.ts";
import { unknownRanges, type OwnTopics } from "./own-offsets.ts";

export interface ReportDeps extends OwnTopics {
  readonly instance: { readonly chainId: number; readonly payOnce: string };
  readonly headNumber: () => Promise<bigint>;
}

/** What an operator has to know before closing a restore; counts, and why it cannot be closed yet. */
export interface RestoreReport {
  readonly state: RestoreState;
  readonly head: bigint;
  readonly cursor: bigint | null;
  /** Records of our own topics that nobody has read yet. */
  readonly unreadRecords: bigint;
  readonly counts: RestoreCounts;
  /** Empty: it may be closed. */
  readonly waitingFor: readonly string[];
}

const countsRow = z.object({
  /** Forgotten outcomes whose payments are known (again), and those whose payments are not. */
  announcedKnown: z.bigint(),
  announcedUnknown: z.bigint(),
  unadopted: z.bigint(),
  /** Accepted, and planned once the restore is closed. */
  waiting: z.bigint(),
  /** Planned, voiding or in review: sent again once the restore is closed. */
  unfinished: z.bigint(),
  /** The chain paid them, and this database says otherwise; settled once the restore is closed. */
  paidNotCompleted: z.bigint(),
  /** Of those: to another wallet or in another amount than this database would pay. */
  paidOtherwise: z.bigint(),
  /** The chain paid something that this database does not know: accepted only over HTTP, or not read again yet. */
  paidUnknown: z.bigint(),
  /** Records read again that met no platform: the directory lacks it. */
  withoutPlatform: z.bigint(),
});
export type RestoreCounts = z.infer<typeof countsRow>;

/** Asks database, chain and Kafka; throws where one cannot be asked. Changes nothing. */
export async function readReport(deps: ReportDeps): Promise<RestoreReport> {
  const head = await deps.headNumber();
  const ranges = await unknownRanges(deps);
  const state = await readRestore(deps.pool);
  const cursor = await readCursor(deps);
  const counts = await readCounts(deps, state);
  const unreadRecords = ranges.reduce((sum, { from, to }) => sum + to - from, 0n);
  const waitingFor = [
    // Without an instance nothing is followed: what was paid, Circle's own ids say.
    deps.instance.payOnce !== NO_CONTRACT && (cursor === null || cursor < head)
      ? `the cursor: it stands at block ${cursor ?? "none"}, the chain's head is ${head}`
      : "",
    unreadRecords > 0n || state.open?.topicsReadAt === null
      ? `our own topics: ${unreadRecords} records are not read yet`
      : "",
    counts.unadopted > 0n ? `${counts.unadopted} announced outcomes that are not adopted yet` : "",
  ].filter((reason) => reason !== "");
  return { state, head, cursor, unreadRecords, counts, waitingFor };
}

const cursorRow = z.object({ block_number: z.bigint() });

async function readCursor({ pool, instance }: ReportDeps): Promise<bigint | null> {
  const row = await askDatabase(() =>
    pool.maybeOne(sql.type(cursorRow)`
      SELECT block_number FROM chain_cursors
      WHERE chain_id = ${instance.chainId} AND pay_once = ${instance.payOnce}`),
  );
  return row?.block_number ?? null;
}

async function readCounts(
  { pool }: { readonly pool: Database },
  { open }: RestoreState,
): Promise<RestoreCounts> {
  const since = open?.detectedAt.toISOString() ?? null;
  return askDatabase(() =>
    pool.one(sql.type(countsRow)`
      WITH paid AS (
        SELECT e.payment_id, p.id, p.state, p.recipient IS NOT NULL AND
          (p.payer, p.recipient, p.token, p.net_amount * 1000000) IS DISTINCT FROM
          (e.payer, e.recipient, e.token, e.amount_micros) AS otherwise
        FROM chain_events e LEFT JOIN payments p ON p.id = e.payment_id
        WHERE e.kind = 'paid' AND p.state IS DISTINCT FROM 'completed'
          AND e.followed_at >= ${since}::timestamptz - interval '1 day'
      )
      SELECT
        (SELECT count(*) FROM announced_outcomes a JOIN payments p ON p.id = a.payment_id) AS "announcedKnown",
        (SELECT count(*) FROM announced_outcomes a
         WHERE NOT EXISTS (SELECT FROM payments p WHERE p.id = a.payment_id)) AS "announcedUnknown",
        (SELECT count(*) FROM announced_outcomes a JOIN payments p ON p.id = a.payment_id
         WHERE NOT EXISTS (
           SELECT FROM payment_outcomes o WHERE o.payment_id = a.payment_id AND o.generation = a.generation
         )) AS unadopted,
        (SELECT count(*) FROM payments WHERE state = 'accepted') AS waiting,
        (SELECT count(*) FROM payments WHERE intent IS NOT NULL AND transaction_id IS NULL)
          + (SELECT coalesce(sum(item_count), 0)::int8 FROM transactions WHERE state = 'open') AS unfinished,
        (SELECT count(*) FROM paid WHERE id IS NOT NULL) AS "paidNotCompleted",
        (SELECT count(*) FROM paid WHERE otherwise) AS "paidOtherwise",
        (SELECT count(*) FROM paid WHERE id IS NULL) AS "paidUnknown",
        (SELECT count(*) FROM dead_letters WHERE code = 'platform_unknown' AND status = 'open'
           AND created_at >= ${since}::timestamptz) AS "withoutPlatform"
    `),
  );
}
