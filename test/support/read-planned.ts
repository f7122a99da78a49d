import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../../src/database/pool.ts";
import type { SeedPayment } from "../settlement/settle-world.ts";

const row = z.object({
  id: z.string(),
  generation: z.number(),
  payer: z.string(),
  token: z.string(),
  recipient: z.string(),
  amount: z.bigint(),
});

/** What acceptance has planned, as the chain is asked to pay it; of one task where it is named. */
export async function readPlanned(
  pool: Database,
  taskId: string | null = null,
): Promise<readonly SeedPayment[]> {
  const rows = await pool.any(sql.type(row)`
    SELECT id, generation, payer, token, recipient, (net_amount * 1000000)::int8 AS amount
    FROM payments WHERE state = 'planned' AND (${taskId}::text IS NULL OR task_id = ${taskId})`);
  return rows.map(({ id, generation, ...terms }) => ({ id, generation, terms }));
}
