import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { FoundTransaction } from "../payment/pay-once-log.ts";
import { loadCursor } from "./cursor.ts";
import { settleFound } from "./settle-found.ts";
import { announceSettled, type SettleDeps } from "./settle-logs.ts";

export interface AnnouncedPaidDeps extends SettleDeps {
  readonly chain: {
    /** Throws where the nodes could not answer. */
    findTransaction(txHash: string): Promise<FoundTransaction>;
  };
}

/**
 * Announcements looked at per sweep, and of their transactions those that are asked for: one may have paid a hundred. The
 * next look goes on behind the last one asked for, so that twenty that no node knows keep nobody else waiting.
 */
const LOOKED_AT_MAX = 1_000;
const TRANSACTIONS_MAX = 20;
const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";

const lookRow = z.object({
  /** Null: that was the end. */
  next: z.string().nullable(),
  transactions: z.array(z.string()),
});

/**
 * Completes payments that our own topic had announced as completed and a restored database has forgotten, where their Paid
 * lies behind the block at which this database began to follow: nobody else would come by it. The transaction that the
 * event names is read again, and settles them as following would have. Each call looks at the next part, round and
 * round. Answers how many transactions it settled; throws `PaymentError` DATABASE_* and CHAIN_*.
 */
export function createAnnouncedPaidSweep(deps: AnnouncedPaidDeps): () => Promise<number> {
  let after = BEFORE_ALL;
  return async () => {
    const { next, transactions } = await askDatabase(() => readForgotten(deps.pool, after));
    after = next ?? BEFORE_ALL;
    let settled = 0;
    for (const txHash of transactions) if (await settleTransaction(deps, txHash)) settled += 1;
    return settled;
  };
}

function readForgotten(pool: Database, after: string): Promise<z.infer<typeof lookRow>> {
  return pool.one(sql.prepared("settle-announced-paid", lookRow)`
    WITH looked AS MATERIALIZED (
      SELECT event_id, payment_id, kind, tx_hash FROM announced_outcomes
      WHERE event_id > ${after}::uuid ORDER BY event_id LIMIT ${LOOKED_AT_MAX}
    ), forgotten AS MATERIALIZED (
      SELECT DISTINCT ON (l.tx_hash) l.event_id, l.tx_hash FROM looked l JOIN payments p ON p.id = l.payment_id
      WHERE l.kind = 'completed' AND p.state <> 'completed' AND p.method IS DISTINCT FROM 'transfer'
        AND NOT EXISTS (SELECT FROM chain_events e WHERE e.payment_id = l.payment_id AND e.kind = 'paid')
      ORDER BY l.tx_hash, l.event_id
    ), asked AS MATERIALIZED (SELECT event_id, tx_hash FROM forgotten ORDER BY event_id LIMIT ${TRANSACTIONS_MAX})
    SELECT ARRAY(SELECT tx_hash FROM asked ORDER BY event_id) AS transactions,
      CASE WHEN (SELECT count(*) FROM asked) = ${TRANSACTIONS_MAX}
        THEN (SELECT event_id FROM asked ORDER BY event_id DESC LIMIT 1)
        ELSE (SELECT event_id FROM looked ORDER BY event_id OFFSET ${LOOKED_AT_MAX - 1})
      END AS next
  `);
}

/** What lies ahead of the cursor is following's to settle, in its order. */
async function settleTransaction(deps: AnnouncedPaidDeps, txHash: string): Promise<boolean> {
  const found = await deps.chain.findTransaction(txHash);
  const cursor = await loadCursor(deps.pool, deps.instance);
  if (found.kind !== "mined" || !cursor || found.header.number > cursor.number) return false;
  const settled = await transact(deps.pool, (tx) => settleFound(tx, deps, found));
  announceSettled(deps, settled);
  deps.log.warn({ txHash }, "settled what our own topic had announced, by its transaction");
  return true;
}
