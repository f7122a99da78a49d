import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { restoreHeaders, storedHeaders } from "../database/stored-headers.ts";
import type { Submission, SubmissionSource } from "../payment/submission.ts";

const letterRow = z.object({
  id: z.string(),
  status: z.enum(["open", "replayed", "discarded"]),
  code: z.string(),
  topic: z.string().nullable(),
  partition: z.number().nullable(),
  record_offset: z.bigint().nullable(),
  record_at: z.date().nullable(),
  created_at: z.date(),
  key: z.instanceof(Buffer).nullable(),
  value: z.instanceof(Buffer).nullable(),
  headers: storedHeaders,
});
export type StoredLetter = z.infer<typeof letterRow>;

const letterColumns = sql.fragment`
  id, status, code, topic, partition, record_offset, record_at, created_at, key, value, headers`;

/** Its bytes never change, so they may be decoded before it is locked. */
export async function readLetter(db: CommonQueryMethods, id: string): Promise<StoredLetter | null> {
  return db.maybeOne(sql.prepared("acceptance-read-letter", letterRow)`
    SELECT ${letterColumns} FROM dead_letters WHERE id = ${id}::uuid
  `);
}

const statusRow = z.object({ status: letterRow.shape.status, code: z.string() });
export type LetterStatus = z.infer<typeof statusRow>;

/** One operator at a time has a letter; whoever comes second finds it closed. */
export async function lockLetter(tx: Transaction, id: string): Promise<LetterStatus | null> {
  return tx.maybeOne(sql.prepared("acceptance-lock-letter", statusRow)`
    SELECT status, code FROM dead_letters WHERE id = ${id}::uuid FOR UPDATE
  `);
}

/** The record as Kafka delivered it: key, bytes, headers, place and time, but for what is read out of the bytes. */
export function submissionOf(
  letter: StoredLetter,
  decoded: Submission["decoded"],
  receivedAtMs: number,
): Submission {
  const headers = Object.fromEntries(
    Object.entries(restoreHeaders(letter.headers)).map(([name, values]) => [name, [values].flat()]),
  );
  const traceparent = headers["traceparent"]?.[0]?.toString("latin1");
  return {
    source: sourceOf(letter, headers),
    origin: "replay",
    receivedAtMs,
    decoded,
    traceparent,
  };
}

function sourceOf(
  { topic, partition, record_offset: offset, ...letter }: StoredLetter,
  headers: Readonly<Record<string, readonly Buffer[]>>,
): SubmissionSource {
  if (topic === null || partition === null || offset === null) return { kind: "http" };
  return {
    kind: "kafka",
    topic,
    partition,
    offset,
    timestamp: letter.record_at ?? letter.created_at,
    key: letter.key,
    value: letter.value,
    headers,
  };
}
