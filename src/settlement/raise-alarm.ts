import type { Logger } from "pino";
import { sql } from "slonik";
import { anyRow, type Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { alarmAction, type Alarm } from "../payment/alarm.ts";

/** Raises an alarm that no commit of settlement brought: audit log, log, and whoever listens. */
export async function raiseAlarm(
  deps: { readonly pool: Database; readonly log: Logger; onAlarm(alarm: Alarm): void },
  alarm: Alarm,
): Promise<void> {
  const { kind, paymentId, generation, details } = alarm;
  deps.log.error({ alarm }, "an invariant is broken");
  deps.onAlarm(alarm);
  await askDatabase(() =>
    deps.pool.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, payment_id, generation, details)
      VALUES ('system', ${alarmAction(kind)}, ${paymentId}, ${generation}, ${JSON.stringify(details)}::jsonb)
    `),
  );
}
