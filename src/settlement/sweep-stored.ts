import { sql } from "slonik";
import { z } from "zod";
import { askDatabase } from "../database/translate-error.ts";
import { adoptStored } from "./adopt-stored.ts";
import type { SettleDeps } from "./settle-logs.ts";

/** Waiting payments looked at per sweep: some milliseconds, so that a backlog of 100,000 costs two minutes, not a core. */
const LOOKED_AT_MAX = 1_000;
const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";

const lookRow = z.object({
  looked: z.bigint(),
  last: z.string().nullable(),
  settled_on_chain: z.array(z.string()),
});

/**
 * Finds waiting payments that the chain has settled already, and settles them: dispatch leaves those alone, so nobody
 * else would. A log that is stored in the same moment in which its payment is created is seen by neither commit, and
 * one that was stored before a restored payment was known by none at all. Each call looks at the next part of what
 * waits, round and round. Answers how many it found; throws `PaymentError` DATABASE_*. Safe on any instance.
 */
export function createStoredSweep(deps: SettleDeps): () => Promise<number> {
  let after = BEFORE_ALL;
  return async () => {
    const found = await askDatabase(() =>
      deps.pool.one(sql.prepared("settle-sweep-stored", lookRow)`
        WITH looked AS MATERIALIZED (
          SELECT id, generation FROM payments
          WHERE intent IS NOT NULL AND transaction_id IS NULL AND id > ${after}::uuid
          ORDER BY id LIMIT ${LOOKED_AT_MAX}
        )
        SELECT (SELECT count(*) FROM looked) AS looked, (SELECT id FROM looked ORDER BY id DESC LIMIT 1) AS last,
          ARRAY(
            SELECT l.id FROM looked l WHERE EXISTS (
              SELECT FROM chain_events e
              WHERE e.payment_id = l.id AND (e.kind = 'paid' OR (e.kind = 'voided' AND e.generation >= l.generation))
              -- Keeps the planner from making one hash of all that the chain ever told.
              OFFSET 0)
          ) AS settled_on_chain
      `),
    );
    const isEnd = found.looked < LOOKED_AT_MAX;
    after = isEnd || found.last === null ? BEFORE_ALL : found.last;
    const paymentIds = found.settled_on_chain;
    if (paymentIds.length === 0) return 0;
    deps.log.warn({ paymentIds }, "settling payments that the chain had settled before");
    await adoptStored(deps, paymentIds);
    return paymentIds.length;
  };
}
