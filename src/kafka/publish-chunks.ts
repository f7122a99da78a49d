import type { IHeaders, Message, TopicMessages } from "kafkajs";
import type { OutgoingRecord, RefusedRecord } from "./outgoing-record.ts";

export interface NumberedRecord {
  readonly index: number;
  readonly record: OutgoingRecord;
}

/**
 * kafkajs makes one record batch per partition of what it is given, and the broker's limit counts the whole batch:
 * many small records to one partition would be refused like one that is too large. Below Kafka's default of 1 MB.
 */
const CHUNK_BYTES_MAX = 900_000;

/**
 * Cuts the records, in order, into sends of at most 900 kB; a larger record travels alone. What exceeds `recordBytesMax`
 * is put into `refused` unsent: a request far too large makes the broker hang up, which looks like an outage.
 */
export function* inChunks(
  records: readonly OutgoingRecord[],
  recordBytesMax: number,
  refused: RefusedRecord[],
): Generator<NumberedRecord[]> {
  let chunk: NumberedRecord[] = [];
  let chunkBytes = 0;
  for (const [index, record] of records.entries()) {
    const bytes = bytesOf(record);
    if (bytes > recordBytesMax) {
      refused.push({ index, reason: "MESSAGE_TOO_LARGE" });
      continue;
    }
    if (chunk.length > 0 && chunkBytes + bytes > CHUNK_BYTES_MAX) {
      yield chunk;
      chunk = [];
      chunkBytes = 0;
    }
    chunk.push({ index, record });
    chunkBytes += bytes;
  }
  if (chunk.length > 0) yield chunk;
}

export function groupByTopic(chunk: readonly NumberedRecord[]): TopicMessages[] {
  const messages = Map.groupBy(chunk, ({ record }) => record.topic);
  return [...messages].map(([topic, group]) => ({
    topic,
    messages: group.map(({ record: { key, value, headers } }): Message => ({
      key,
      value,
      headers,
    })),
  }));
}

/** An upper bound of the record's own framing: lengths, offset and time as varints. */
const RECORD_OVERHEAD_BYTES = 40;

function bytesOf({ key, value, headers }: OutgoingRecord): number {
  const body = lengthOf(key) + lengthOf(value) + RECORD_OVERHEAD_BYTES;
  return Object.entries(headers).reduce((sum, entry) => sum + headerBytes(entry), body);
}

function headerBytes([name, value]: [string, IHeaders[string]]): number {
  const values = Array.isArray(value) ? value : [value];
  return values.reduce<number>((sum, one) => sum + Buffer.byteLength(name) + lengthOf(one) + 10, 0);
}

function lengthOf(part: Buffer | string | null | undefined): number {
  return part === null || part === undefined ? 0 : Buffer.byteLength(part);
}
