import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";

/** One `sendBatch` of 200 costs Kafka's client 13–20 µs a record; a single one 264. */
const ROWS_MAX = 200;
/** Dead letters may be 6 MB each; a batch of small ones and one of these fits well into memory. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;

const outboxRow = z.object({
  id: z.bigint(),
  topic: z.string(),
  key: z.instanceof(Buffer).nullable(),
  payload: z.instanceof(Buffer).nullable(),
  headers: z.record(z.string(), z.any()),
  payment_id: z.string().nullable(),
  generation: z.number().nullable(),
  isMore: z.boolean(),
});
export type OutboxRow = z.infer<typeof outboxRow>;

export interface Unpublished {
  readonly rows: readonly OutboxRow[];
  /** Others can go out as soon as these have: what did not fit, or a payment's later row. */
  readonly isMore: boolean;
}

/**
 * The oldest rows that are not published, by what the table says and never by a number remembered: ids are given
 * before commits, and a restored backup gives them again. Of one payment only the oldest row, so that its events cannot
 * overtake one another between topics: among the oldest that wait are the oldest of each of their payments. A row that Kafka
 * refused holds its payment's later ones back. Nothing while a restored database has yet to learn what the topics hold: it
 * might say the same event in other words.
 */
export async function readUnpublished(pool: Database): Promise<Unpublished> {
  const rows = await askDatabase(() =>
    pool.any(sql.prepared("relay-read-unpublished", outboxRow)`
      WITH oldest AS (
        SELECT o.id, o.payment_id, coalesce(octet_length(o.payload), 0) AS bytes
        FROM outbox o
        WHERE o.published_at IS NULL AND o.refused_at IS NULL
          AND NOT EXISTS (SELECT FROM restores r WHERE r.closed_at IS NULL AND r.topics_read_at IS NULL)
          AND NOT EXISTS (
            SELECT FROM (
              SELECT r.published_at FROM outbox r
              WHERE r.payment_id = o.payment_id AND r.id < o.id AND r.refused_at IS NOT NULL
              -- Apart, so that the index of all that wait cannot serve: each row would be compared with every one of them.
              OFFSET 0) refused
            WHERE refused.published_at IS NULL)
        ORDER BY o.id LIMIT ${ROWS_MAX}
      ), placed AS (
        SELECT id, bytes,
          payment_id IS NULL OR row_number() OVER (PARTITION BY payment_id ORDER BY id) = 1 AS is_first
        FROM oldest
      ), sized AS (
        SELECT id, sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before FROM placed WHERE is_first
      )
      SELECT o.id, o.topic, o.key, o.payload, o.headers, o.payment_id, o.generation,
        (SELECT count(*) = ${ROWS_MAX} OR bool_or(NOT is_first) FROM placed)
          OR (SELECT bool_or(bytes_before >= ${BATCH_BYTES_MAX}) FROM sized) AS "isMore"
      FROM sized JOIN outbox o USING (id)
      WHERE bytes_before < ${BATCH_BYTES_MAX}
      ORDER BY o.id
    `),
  );
  return { rows, isMore: rows.some(({ isMore }) => isMore) };
}
