import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { askDatabase } from "../database/translate-error.ts";
import type { Database } from "../database/pool.ts";
import { failpoint } from "../failpoint.ts";
import type { Instance } from "./load-ledger.ts";

/** The last block whose effects are stored. */
export interface Cursor {
  readonly number: bigint;
  readonly hash: string;
}

const cursorRow = z
  .object({ block_number: z.bigint(), block_hash: z.string() })
  .transform((row): Cursor => ({ number: row.block_number, hash: row.block_hash }));
const firstRow = z.object({ first_block: z.bigint().nullable() });
const clockRow = z.object({ now: z.date() });

/** Where following goes on; undefined before the first start. */
export async function loadCursor(pool: Database, instance: Instance): Promise<Cursor | undefined> {
  const cursor = await askDatabase(() =>
    pool.maybeOne(sql.type(cursorRow)`
      SELECT block_number, block_hash FROM chain_cursors
      WHERE chain_id = ${instance.chainId} AND pay_once = ${instance.payOnce}
    `),
  );
  return cursor ?? undefined;
}

/** The block after which this database began to follow; undefined where nobody knows. */
export async function loadFirstBlock(
  pool: Database,
  instance: Instance,
): Promise<bigint | undefined> {
  const row = await askDatabase(() =>
    pool.maybeOne(sql.type(firstRow)`
      SELECT first_block FROM chain_cursors
      WHERE chain_id = ${instance.chainId} AND pay_once = ${instance.payOnce}
    `),
  );
  return row?.first_block ?? undefined;
}

/**
 * Stores where following begins and answers the cursor that counts: another instance may have been first. The block
 * itself counts as handled, so it is at the latest the one that deployed the instance.
 */
export async function storeFirstCursor(
  pool: Database,
  instance: Instance,
  first: Cursor,
): Promise<Cursor> {
  await failpoint("cursor.before_first");
  const stored = await askDatabase(() =>
    pool.one(sql.type(cursorRow)`
      INSERT INTO chain_cursors (chain_id, pay_once, block_number, block_hash, first_block)
      VALUES (${instance.chainId}, ${instance.payOnce}, ${first.number}, ${first.hash}, ${first.number})
      ON CONFLICT (chain_id, pay_once) DO UPDATE SET block_number = chain_cursors.block_number
      RETURNING block_number, block_hash
    `),
  );
  await failpoint("cursor.first_stored");
  return stored;
}

/**
 * Compare-and-set: moves the cursor only from exactly `from`, and answers the database's clock; undefined when it stood
 * elsewhere, because another process has followed on.
 */
export async function moveCursor(
  db: CommonQueryMethods,
  instance: Instance,
  from: Cursor,
  to: Cursor,
): Promise<Date | undefined> {
  const moved = await db.maybeOne(sql.prepared("settle-move-cursor", clockRow)`
    UPDATE chain_cursors
    SET block_number = ${to.number}, block_hash = ${to.hash}, updated_at = payment_now()
    WHERE chain_id = ${instance.chainId} AND pay_once = ${instance.payOnce}
      AND block_number = ${from.number} AND block_hash = ${from.hash}
    RETURNING payment_now() AS now
  `);
  return moved?.now;
}
