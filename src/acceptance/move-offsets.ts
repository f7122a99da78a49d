import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import type { AcceptOutcome, OffsetMove } from "../payment/submission.ts";

type Conflicts = Extract<AcceptOutcome, { kind: "offset_conflict" }>["partitions"];

const placeRow = z.object({ topic: z.string(), partition: z.number() });
const storedRow = placeRow.extend({ stored: z.bigint() });

/**
 * Moves every partition's next offset by compare-and-set and answers those that were not where they were expected to
 * be: another instance, or a restored backup, has been there. The caller then rolls back.
 */
export async function moveOffsets(
  tx: Transaction,
  moves: readonly OffsetMove[],
): Promise<Conflicts> {
  if (moves.length === 0) return [];
  const column = (type: string, of: (move: OffsetMove) => string | number | bigint | null) =>
    sql.array(moves.map(of), type);
  const moved = await tx.any(sql.prepared("acceptance-move-offsets", placeRow)`
    WITH move AS (
      SELECT * FROM unnest(
        ${column("text", ({ topic }) => topic)}, ${column("int4", ({ partition }) => partition)},
        ${column("int8", ({ expected }) => expected)}, ${column("int8", ({ next }) => next)}
      ) AS m (topic, partition, expected, next)
    ), updated AS (
      UPDATE kafka_offsets o SET next_offset = m.next, updated_at = payment_now() FROM move m
      WHERE o.topic = m.topic AND o.partition = m.partition AND o.next_offset = m.expected
      RETURNING o.topic, o.partition
    ), inserted AS (
      INSERT INTO kafka_offsets (topic, partition, next_offset)
      SELECT m.topic, m.partition, m.next FROM move m WHERE m.expected IS NULL
      ON CONFLICT DO NOTHING
      RETURNING topic, partition
    )
    SELECT topic, partition FROM updated UNION ALL SELECT topic, partition FROM inserted
  `);
  if (moved.length === moves.length) return [];
  const done = new Set(moved.map(({ topic, partition }) => `${partition} ${topic}`));
  return readConflicts(
    tx,
    moves.filter(({ topic, partition }) => !done.has(`${partition} ${topic}`)),
  );
}

async function readConflicts(tx: Transaction, moves: readonly OffsetMove[]): Promise<Conflicts> {
  const rows = await tx.any(sql.type(storedRow)`
    SELECT o.topic, o.partition, o.next_offset AS stored FROM kafka_offsets o
    JOIN unnest(
      ${sql.array(
        moves.map(({ topic }) => topic),
        "text",
      )},
      ${sql.array(
        moves.map(({ partition }) => partition),
        "int4",
      )}
    ) AS m (topic, partition) ON o.topic = m.topic AND o.partition = m.partition
  `);
  return moves.map(({ topic, partition }) => ({
    topic,
    partition,
    stored: rows.find((row) => row.topic === topic && row.partition === partition)?.stored ?? null,
  }));
}
