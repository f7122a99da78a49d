import assert from "node:assert/strict";
import { sql } from "slonik";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { closeRestore } from "../../src/restore/close-restore.ts";
import { readRestore } from "../../src/restore/read-restore.ts";

/** What an operator does once the service has read its own topics. */
export async function confirmRestore(
  pool: Database,
  verdict: "restored" | "dismissed" = "restored",
): Promise<void> {
  await pool.query(sql.type(anyRow)`UPDATE restores SET topics_read_at = payment_now()`);
  const { open } = await readRestore(pool);
  assert(open, "a restore is open");
  const closing = { restoreId: open.id, verdict, actor: "operator:test", reason: "looked at" };
  assert(await closeRestore(pool, closing), "it can be closed");
}
