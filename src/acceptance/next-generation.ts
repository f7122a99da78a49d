import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";

const floorRow = z.object({ floor: z.bigint() });

/** Above every generation that the chain has closed, or that was announced: after a restore more than we remember. */
export async function nextGeneration(
  tx: Transaction,
  payment: { readonly paymentId: string; readonly generation: number },
): Promise<number> {
  const { floor } = await tx.one(sql.prepared("acceptance-retry-floor", floorRow)`
    SELECT greatest(
      coalesce(max(generation) FILTER (WHERE kind = 'voided') + 1, 0), coalesce(max(slot_floor), 0),
      (SELECT coalesce(max(o.generation) + 1, 0) FROM payment_outcomes o WHERE o.payment_id = ${payment.paymentId}::uuid)
    )::int8 AS floor
    FROM chain_events WHERE payment_id = ${payment.paymentId}::uuid
  `);
  return Math.max(payment.generation + 1, Number(floor));
}
