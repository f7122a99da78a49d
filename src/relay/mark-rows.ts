import { sql, type CommonQueryMethods } from "slonik";
import { anyRow, type Database } from "../database/pool.ts";
import { publishedFrom, publishedOf, publishedRow } from "../database/published-rows.ts";
import { transact } from "../database/transact.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { Published } from "../payment/published.ts";
import { moveOwnOffsets, type OwnRange } from "./move-own-offsets.ts";

export interface RefusedRow {
  readonly id: bigint;
  readonly paymentId: string | null;
  readonly reason: string;
}

/**
 * Notes that Kafka has these rows, and when: right after its acknowledgement, by the database's clock. In the
 * same commit it notes the places where they lie, where those are known. Answers what was published in those that nobody
 * had marked before: fewer records mean a second relay, which has told of the others.
 */
export async function markPublished(
  pool: Database,
  ids: readonly bigint[],
  acknowledgedAtMs: number,
  places: readonly OwnRange[] = [],
): Promise<Published> {
  if (ids.length === 0) return publishedOf([]);
  // How long it was held is known once there is a connection: on a busy machine the wait for one counts too.
  const mark = (connection: CommonQueryMethods) =>
    connection.any(sql.prepared("relay-mark-published", publishedRow)`
      WITH marked AS (
        UPDATE outbox SET published_at = payment_now() - ${performance.now() - acknowledgedAtMs} * interval '1 millisecond'
        WHERE id = ANY(${sql.array([...ids], "int8")}) AND published_at IS NULL
        RETURNING event_id, payment_id, generation, published_at
      ), moved AS (
        ${moveOwnOffsets(places)}
      )
      ${publishedFrom}
    `);
  return publishedOf(await askDatabase(() => pool.connect(mark)));
}

/** Parks rows that Kafka will never take as they are, with an entry in the audit log for each. */
export async function markRefused(pool: Database, rows: readonly RefusedRow[]): Promise<void> {
  if (rows.length === 0) return;
  const ids = sql.array(
    rows.map(({ id }) => id),
    "int8",
  );
  const reasons = sql.array(
    rows.map(({ reason }) => reason),
    "text",
  );
  await transact(pool, async (tx) => {
    await tx.query(sql.type(anyRow)`
      WITH refused AS (
        UPDATE outbox o SET refused_at = payment_now(), refused_reason = r.reason
        FROM unnest(${ids}, ${reasons}) AS r (id, reason)
        WHERE o.id = r.id AND o.published_at IS NULL AND o.refused_at IS NULL
        RETURNING o.id, o.payment_id, o.generation, o.topic, r.reason
      )
      INSERT INTO audit_log (actor, action, payment_id, generation, details)
      SELECT 'system', 'alarm.publish_refused', payment_id, generation,
        jsonb_build_object('outboxId', id, 'topic', topic, 'reason', reason)
      FROM refused
    `);
  });
}
