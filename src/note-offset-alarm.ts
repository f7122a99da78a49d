import type { Logger } from "pino";
import { sql } from "slonik";
import { anyRow, type Database } from "./database/pool.ts";
import { transact } from "./database/transact.ts";
import type { OffsetAlarm } from "./kafka/consumer-ports.ts";
import { openRestore } from "./restore/open-restore.ts";

/**
 * Kafka and Postgres disagree about what was read: a restored backup or a topic made anew. Where the database has
 * forgotten what Kafka knows, a restore is opened: nothing is planned, failed or sent until an operator has looked.
 * Resolves before any record is read again; throws DATABASE_*.
 */
export async function noteOffsetAlarm(
  { pool, log }: { readonly pool: Database; readonly log: Logger },
  alarm: OffsetAlarm,
): Promise<void> {
  log.error({ alarm }, "the stored Kafka offset does not fit the topic");
  const details = JSON.stringify(alarm, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  const { kind, topic, partition, stored, known } = alarm;
  await transact(pool, async (tx) => {
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES ('system', ${`alarm.offset_${kind}`}, ${details}::jsonb)
    `);
    if (kind !== "restored") return;
    const shown = { stored: stored === null ? null : `${stored}`, known: `${known}` };
    await openRestore({ db: tx, log }, { kind: "offsets", topic, partition, ...shown });
  });
}
