import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database, type Transaction } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { PaymentError } from "../errors.ts";
import { keyColumns, keyRow, type KeyView } from "./key-view.ts";
import type { Scope } from "./scopes.ts";
import { newToken } from "./token.ts";

export interface KeyOrder {
  /** The actor in the audit log of whatever is done with it. */
  readonly name: string;
  /** Null: of all platforms. */
  readonly platformId: string | null;
  readonly scopes: readonly Scope[];
  /** Null: does not expire. */
  readonly expiresInDays: number | null;
  readonly actor: string;
  readonly reason: string;
}

/** Mints a key. Its token is in the answer and nowhere else. Throws OPERATION_REFUSED (reject) where it cannot be made. */
export async function createKey(
  pool: Database,
  order: KeyOrder,
): Promise<{ readonly key: KeyView; readonly token: string }> {
  const { id, token, sha256 } = newToken();
  const key = await transact(pool, async (tx) => {
    await assertPossible(tx, order);
    const { name, platformId, scopes, expiresInDays, actor, reason } = order;
    await tx.query(sql.type(anyRow)`
      INSERT INTO api_keys (id, token_sha256, name, platform_id, scopes, expires_at)
      VALUES (${id}, ${sql.binary(sha256)}, ${name}, ${platformId}, ${sql.array([...new Set(scopes)], "text")},
        payment_now() + ${expiresInDays}::int * interval '1 day')`);
    const key = await tx.one(
      sql.type(keyRow)`SELECT ${keyColumns} FROM api_keys k WHERE id = ${id}`,
    );
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES (${actor}, 'key.created', ${sql.jsonb({ reason, keyId: id, name, platformId, scopes, expiresAt: key.expiresAt })})`);
    return key;
  });
  return { key, token };
}

const takenRow = z.object({ isTaken: z.boolean(), isKnown: z.boolean() });

async function assertPossible(tx: Transaction, { name, platformId }: KeyOrder): Promise<void> {
  const { isTaken, isKnown } = await tx.one(sql.type(takenRow)`
    SELECT EXISTS (SELECT FROM api_keys WHERE name = ${name} AND revoked_at IS NULL) AS "isTaken",
      ${platformId}::text IS NULL OR EXISTS (SELECT FROM platforms WHERE id = ${platformId}) AS "isKnown"`);
  if (isTaken)
    throw refused(`There is a key named ${name} already: revoke it, or take another name.`);
  if (!isKnown) throw refused(`There is no platform ${platformId}: create it first.`);
}

function refused(message: string): PaymentError {
  return new PaymentError("OPERATION_REFUSED", "reject", message);
}
