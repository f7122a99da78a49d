import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { transact } from "../database/transact.ts";

export interface Closing {
  /** The restore that the operator was shown; another one is another decision. */
  readonly restoreId: bigint;
  /**
   * `restored`: old processes are stopped and the directory is right. From this moment on "nothing was ever sent" is no
   * proof for what is older, and the chain's terms are what happened. `dismissed`: nothing was restored.
   */
  readonly verdict: "restored" | "dismissed";
  /** "operator:<name>". */
  readonly actor: string;
  readonly reason: string;
}

const closedRow = z.object({ id: z.bigint() });

/**
 * Closes an open restore, by compare-and-set: false where it is closed already, or our own topics were not read since it
 * was opened. A pause for payments that nobody knew goes with it, because that is what was confirmed. Throws DATABASE_*.
 */
export async function closeRestore(pool: Database, closing: Closing): Promise<boolean> {
  const { restoreId, verdict, actor, reason } = closing;
  return transact(pool, async (tx) => {
    const closed = await tx.maybeOne(sql.type(closedRow)`
      UPDATE restores
      SET closed_at = payment_now(), verdict = ${verdict}, closed_by = ${actor}, closed_reason = ${reason}
      WHERE id = ${restoreId} AND closed_at IS NULL AND topics_read_at IS NOT NULL
      RETURNING id`);
    if (!closed) return false;
    await tx.query(sql.type(anyRow)`
      UPDATE deployment SET restored_at = (SELECT max(closed_at) FROM restores WHERE verdict = 'restored')`);
    const details = sql.jsonb({ restoreId: `${restoreId}`, verdict, reason });
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details) VALUES (${actor}, 'restore.closed', ${details})`);
    // What waited for this is looked at again at once.
    await tx.query(sql.type(anyRow)`
      UPDATE payments SET next_attempt_at = payment_now()
      WHERE state = 'accepted' AND next_attempt_at > payment_now()`);
    if (verdict === "dismissed") return true;
    await tx.query(sql.type(anyRow)`
      WITH lifted AS (
        DELETE FROM pauses WHERE scope = '*' AND actor = 'system' AND reason = 'alarm: paid_unknown' RETURNING scope
      )
      INSERT INTO audit_log (actor, action, details)
      SELECT ${actor}, 'dispatch.resumed', ${sql.jsonb({ scope: "*", reason: "the restore explains it" })}
      FROM lifted`);
    return true;
  });
}
