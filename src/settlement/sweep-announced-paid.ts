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

/** Announcements looked at per sweep, and of their transactions those that are asked for: one may have paid a hundred. */
const LOOKED_AT_MAX = 1_000;
const TRANSACTIONS_MAX = 20;
const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";

const lookRow = z.object({
  looked: z.bigint(),
  last: z.string().nullable(),
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
    const { looked, last, transactions } = await askDatabase(() => readForgotten(deps.pool, after));
    after = looked < LOOKED_AT_MAX || last === null ? BEFORE_ALL : last;
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
    )
    SELECT (SELECT count(*) FROM looked) AS looked, (SELECT event_id FROM looked ORDER BY event_id DESC LIMIT 1) AS last,
      ARRAY(
        SELECT DISTINCT l.tx_hash FROM looked l JOIN payments p ON p.id = l.payment_id
        WHERE l.kind = 'completed' AND p.state <> 'completed' AND p.method IS DISTINCT FROM 'transfer'
          AND NOT EXISTS (SELECT FROM chain_events e WHERE e.payment_id = l.payment_id AND e.kind = 'paid')
        LIMIT ${TRANSACTIONS_MAX}
      ) AS transactions
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
