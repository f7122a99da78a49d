import { sql } from "slonik";
import { z } from "zod";
import { openPool } from "../../src/database/pool.ts";
import { stampColumns, stampRow } from "../../src/database/stamp-rows.ts";

const measuredRow = stampRow.extend({
  platformId: z.string(),
  taskId: z.string(),
  txHash: z.string(),
  blockNumber: z.coerce.number(),
  publishedAt: z.date(),
});
/** A completed payment with the times that the service itself has kept of it. */
export type MeasuredPayment = z.infer<typeof measuredRow>;

/** Of all payments whose event Kafka has acknowledged. */
export async function readPayments(databaseUrl: string): Promise<readonly MeasuredPayment[]> {
  const pool = await openPool({ url: databaseUrl, poolMax: 1, statementTimeoutMs: 30_000 });
  try {
    return await pool.any(sql.type(measuredRow)`
      SELECT p.platform_id AS "platformId", p.task_id AS "taskId", p.tx_hash AS "txHash",
        p.block_number::text AS "blockNumber", o.published_at AS "publishedAt", ${stampColumns}
      FROM payments p JOIN outbox o ON o.payment_id = p.id AND o.generation = p.generation
      WHERE p.state = 'completed' AND o.published_at IS NOT NULL`);
  } finally {
    await pool.end();
  }
}
