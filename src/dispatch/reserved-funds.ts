import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { parseMicros, type Micros } from "../payment/money.ts";
import { pairKey } from "./due-queues.ts";

/** A node may lag a block or two behind the one that the follower reads. */
const READER_LAG_MS = 1_000;

const row = z.object({ payer: z.string(), token: z.string(), reserved: z.string() });

/**
 * What sends on their way may still take from these payers, over all lanes: items of open sends, and those that moved
 * (or may have moved) money in sends closed since the payer's funds were read.
 */
export async function readReserved(
  db: CommonQueryMethods,
  pairs: readonly { payer: string; token: string; ageMs: number }[],
): Promise<Map<string, Micros>> {
  if (pairs.length === 0) return new Map();
  const ages = pairs.map((pair) => Math.ceil(pair.ageMs) + READER_LAG_MS);
  const rows = await db.any(sql.prepared("dispatch-reserved", row)`
    WITH sends AS (
      SELECT id, closed_at FROM transactions WHERE state = 'open' AND kind = 'pay'
      UNION ALL
      SELECT id, closed_at FROM transactions
      WHERE closed_at >= payment_now() - ${Math.max(...ages)} * interval '1 millisecond' AND kind = 'pay'
    )
    SELECT i.payer, i.token, sum(i.amount) AS reserved
    FROM sends s
    JOIN transaction_items i ON i.transaction_id = s.id
    JOIN unnest(${column(pairs, "payer")}, ${column(pairs, "token")}, ${sql.array(ages, "int4")})
      AS q (payer, token, age_ms) ON q.payer = i.payer AND q.token = i.token
    WHERE s.closed_at IS NULL
       OR (s.closed_at >= payment_now() - q.age_ms * interval '1 millisecond'
           AND (i.outcome IS NULL OR i.outcome IN ('paid', 'abandoned')))
    GROUP BY i.payer, i.token
  `);
  return new Map(rows.map((each) => [pairKey(each), parseMicros(each.reserved) ?? 0n]));
}

function column(pairs: readonly { payer: string; token: string }[], name: "payer" | "token") {
  return sql.array(
    pairs.map((pair) => pair[name]),
    "text",
  );
}
