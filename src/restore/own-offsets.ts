import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { Kafka } from "../kafka/client.ts";
import type { Range } from "../kafka/read-ranges.ts";
import { topicEnds } from "../kafka/topic-ends.ts";

export interface OwnTopics {
  readonly pool: Database;
  readonly kafka: Kafka;
  readonly topics: { readonly paymentCompleted: string; readonly paymentFailed: string };
}

const offsetRow = z.object({ topic: z.string(), partition: z.number(), next_offset: z.bigint() });

/**
 * What our own output topics hold beyond what this database knows to have published; empty: nothing was forgotten. Kafka
 * is asked first, so that what the relay publishes meanwhile is known by the time the database answers.
 */
export async function unknownRanges({ pool, kafka, topics }: OwnTopics): Promise<readonly Range[]> {
  const names = [topics.paymentCompleted, topics.paymentFailed];
  const ends = await topicEnds(kafka, names);
  const rows = await askDatabase(() =>
    pool.any(sql.prepared("restore-own-offsets", offsetRow)`
      SELECT topic, partition, next_offset FROM own_offsets WHERE topic = ANY(${sql.array(names, "text")})
    `),
  );
  const stored = new Map(rows.map((row) => [`${row.topic}/${row.partition}`, row.next_offset]));
  const unknown: Range[] = [];
  for (const { topic, partition, low, high } of ends) {
    const known = stored.get(`${topic}/${partition}`);
    // Retention has passed us by, or the topic was made anew: the log begins where it begins.
    const isOutside = known === undefined || known < low || known > high;
    if (isOutside) await placeAt(pool, { topic, partition, from: known ?? null, to: low });
    const from = isOutside ? low : known;
    if (from < high) unknown.push({ topic, partition, from, to: high });
  }
  return unknown;
}

async function placeAt(
  pool: Database,
  at: { topic: string; partition: number; from: bigint | null; to: bigint },
): Promise<void> {
  await askDatabase(() =>
    pool.query(sql.type(anyRow)`
      INSERT INTO own_offsets (topic, partition, next_offset) VALUES (${at.topic}, ${at.partition}, ${at.to})
      ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset
      WHERE own_offsets.next_offset = ${at.from}::int8
    `),
  );
}

/** Moves the mark over records that are known from `from` to the one before `to`; never over one that is not. */
export async function moveOwnOffset(
  db: CommonQueryMethods,
  { topic, partition, from, to }: Range,
): Promise<void> {
  await db.query(sql.prepared("restore-move-own-offset", anyRow)`
    UPDATE own_offsets SET next_offset = ${to}
    WHERE topic = ${topic} AND partition = ${partition} AND next_offset BETWEEN ${from} AND ${to}
  `);
}
