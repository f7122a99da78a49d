import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import type { DirectoryOrder } from "../directory/order.ts";
import { newSecret } from "../directory/platform-secret.ts";

const rotatedRow = z.object({ previousUntil: z.date() });

export interface RotatedSecret {
  readonly secret: string;
  readonly previousUntil: string;
}

/** A new secret, shown this once; the one before signs beside it for a day. Null: there is no such endpoint. */
export function rotateEndpointSecret(
  pool: Database,
  { id, platformId }: { readonly id: string; readonly platformId: string },
  { actor }: DirectoryOrder,
): Promise<RotatedSecret | null> {
  const secret = newSecret();
  return transact(pool, async (tx) => {
    const rotated = await tx.maybeOne(sql.type(rotatedRow)`
      UPDATE webhook_secrets SET secret = ${secret}, previous_secret = secret,
        previous_until = payment_now() + interval '1 day', rotated_at = payment_now()
      WHERE endpoint_id = ${id}
      RETURNING previous_until AS "previousUntil"`);
    if (!rotated) return null;
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES (${actor}, 'webhook_endpoint.secret_rotated', ${sql.jsonb({ platformId, endpointId: id })})`);
    return { secret, previousUntil: rotated.previousUntil.toISOString() };
  });
}
