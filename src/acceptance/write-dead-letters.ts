import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";
import { storeHeaders } from "../database/stored-headers.ts";
import { toDeadLetterRecord, type DeadLetter } from "./make-dead-letter.ts";

const idRow = z.object({ id: z.string() });
const LETTER_TYPES = [
  ["uuid", "text", "text", "text", "text", "uuid", "text", "int4", "int8", "timestamptz"],
  ["bytea", "bytea", "jsonb", "bytea"],
].flat();
const OUTBOX_TYPES = ["uuid", "text", "bytea", "bytea", "jsonb"];

/** Keeps the bytes and stores the DLQ's records for the relay; one that is kept already is not sent again. Answers the new ones. */
export async function writeDeadLetters(
  tx: Transaction,
  topic: string,
  now: Date,
  letters: readonly DeadLetter[],
): Promise<readonly DeadLetter[]> {
  if (letters.length === 0) return [];
  const written = await tx.any(sql.prepared("acceptance-insert-dead-letters", idRow)`
    INSERT INTO dead_letters (id, code, message, field, platform_id, payment_id, topic, partition, record_offset,
      record_at, key, value, headers, value_sha256, created_at)
    SELECT d.*, ${now.toISOString()}::timestamptz
    FROM ${sql.unnest(letters.map(letterTuple), LETTER_TYPES)} AS d
    ON CONFLICT DO NOTHING
    RETURNING id
  `);
  const fresh = new Set(written.map(({ id }) => id));
  // The same record twice in one batch is one dead letter.
  const kept = letters.filter(({ id }) => fresh.delete(id));
  if (kept.length === 0) return [];
  const records = kept.map((letter) => {
    const { key, value, headers } = toDeadLetterRecord(letter, now);
    return [letter.id, topic, key, value, JSON.stringify(headers)];
  });
  await tx.query(sql.prepared("acceptance-insert-dead-letter-records", anyRow)`
    INSERT INTO outbox (event_id, topic, key, payload, headers)
    SELECT d.* FROM ${sql.unnest(records, OUTBOX_TYPES)} AS d
  `);
  return kept;
}

function letterTuple(letter: DeadLetter) {
  const { id, record, recordAt, objection, valueHash, platformId, paymentId } = letter;
  return [
    id,
    objection.code,
    objection.message,
    objection.field,
    platformId,
    paymentId,
    record.topic,
    record.partition,
    record.offset,
    recordAt?.toISOString() ?? null,
    record.key,
    record.value,
    JSON.stringify(storeHeaders(record.headers)),
    valueHash,
  ];
}
