import { sql } from "slonik";
import { anyRow, type Transaction } from "../database/pool.ts";
import type { Alarm } from "../payment/alarm.ts";

/**
 * Pauses dispatch of everything in the very commit that found the broken invariant: a crash behind it, or a lost answer
 * to it, would otherwise leave an alarm in the audit log and money moving.
 */
export async function writePause(tx: Transaction, alarms: readonly Alarm[]): Promise<void> {
  const [first] = alarms;
  if (!first) return;
  await tx.query(sql.prepared("settle-write-pause", anyRow)`
    WITH paused AS (
      INSERT INTO pauses (scope, reason, actor) VALUES ('*', ${`alarm: ${first.kind}`}, 'system')
      ON CONFLICT (scope) DO NOTHING
      RETURNING scope, reason
    )
    INSERT INTO audit_log (actor, action, details)
    SELECT 'system', 'dispatch.paused', jsonb_build_object('scope', scope, 'reason', reason) FROM paused
  `);
}
