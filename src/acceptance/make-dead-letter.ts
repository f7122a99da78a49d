import { createHash } from "node:crypto";
import { storeHeaders, type StoredHeaders } from "../database/stored-headers.ts";
import { deadLetterIdOf } from "../payment/ids.ts";
import type { SubmissionSource } from "../payment/submission.ts";
import { isWritableTime, type Objection } from "./check-submission.ts";

type SourceRecord = Extract<SubmissionSource, { kind: "kafka" }>;

export interface DeadLetter {
  readonly id: string;
  readonly record: SourceRecord;
  /** Null: the producer's clock said something that is no time. */
  readonly recordAt: Date | null;
  readonly valueHash: Buffer;
  readonly objection: Objection;
  readonly platformId: string | null;
  readonly paymentId: string | null;
}

/** A record as the DLQ topic gets it. */
export interface DeadLetterRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: StoredHeaders;
}

/** The topics take 6 MB a record, its framing and our own headers included, which need far less than this. */
export const DEAD_LETTER_BYTES_MAX = 6_000_000 - 32_768;
/** What goes into a header is for a person's eye; the whole message is in `dead_letters`. */
const HEADER_CHARACTERS_MAX = 500;

export function makeDeadLetter(
  record: SourceRecord,
  reason: Pick<DeadLetter, "objection" | "platformId" | "paymentId">,
): DeadLetter {
  const valueHash = createHash("sha256")
    .update(record.value ?? "")
    .digest();
  const objection = { ...reason.objection, message: storableText(reason.objection.message) };
  return {
    ...reason,
    objection,
    record,
    recordAt: isWritableTime(record.timestamp) ? record.timestamp : null,
    valueHash,
    id: deadLetterIdOf(record, valueHash),
  };
}

/** A dead letter must itself never be refused: no NUL and no half of a surrogate pair, which jsonb does not take. */
export function storableText(text: string): string {
  return text.replaceAll("\u0000", "").toWellFormed();
}

/**
 * The original key, bytes and headers, plus why, where from and when. A record that Kafka would not take carries the
 * hash of its value and the dead letter's id instead: the bytes are in the database.
 */
export function toDeadLetterRecord(letter: DeadLetter, failedAt: Date): DeadLetterRecord {
  const { record, objection, id, valueHash } = letter;
  const why = {
    "x-error-code": objection.code,
    "x-error-message": storableText(objection.message.slice(0, HEADER_CHARACTERS_MAX)),
    ...(objection.field !== null && { "x-error-field": objection.field }),
    "x-original-topic": record.topic,
    "x-original-partition": `${record.partition}`,
    "x-original-offset": `${record.offset}`,
    "x-failed-at": failedAt.toISOString(),
    "x-dead-letter-id": id,
    "x-value-sha256": valueHash.toString("hex"),
  };
  if (bytesOf(record) <= DEAD_LETTER_BYTES_MAX) {
    const headers = { "event-id": id, ...storeHeaders(record.headers), ...why };
    return { key: record.key, value: record.value, headers };
  }
  const summary = {
    deadLetterId: id,
    valueSha256: valueHash.toString("hex"),
    valueBytes: record.value?.length ?? 0,
  };
  return {
    key: null,
    value: Buffer.from(JSON.stringify(summary)),
    headers: { "event-id": id, "content-type": "application/json", ...why },
  };
}

function bytesOf({ key, value, headers }: SourceRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, values] of Object.entries(headers)) {
    for (const each of values) bytes += Buffer.byteLength(name) + each.length;
  }
  return bytes;
}
