import type { Logger } from "pino";
import { sql } from "slonik";
import { anyRow, type Database } from "./database/pool.ts";
import { transact } from "./database/transact.ts";
import type { OffsetAlarm } from "./kafka/consumer-ports.ts";

/**
 * Kafka and Postgres disagree about what was read: a restored backup or a topic made anew. After a restore, everything
 * that is older than this moment may have been sent in a life that the database forgot: "nothing was ever sent" proves
 * nothing for it any more, so it fails only by a void. Resolves before any record is read again; throws DATABASE_*.
 */
export async function noteOffsetAlarm(
  { pool, log }: { readonly pool: Database; readonly log: Logger },
  alarm: OffsetAlarm,
): Promise<void> {
  log.error({ alarm }, "the stored Kafka offset does not fit the topic");
  const details = JSON.stringify(alarm, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  await transact(pool, async (tx) => {
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES ('system', ${`alarm.offset_${alarm.kind}`}, ${details}::jsonb)
    `);
    if (alarm.kind !== "restored") return;
    await tx.query(sql.type(anyRow)`UPDATE deployment SET restored_at = payment_now()`);
  });
}
