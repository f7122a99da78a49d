import type { IHeaders, KafkaMessage } from "kafkajs";

/** A record as it lay in the topic, undecoded. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestamp: Date;
  readonly key: Buffer | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
  /** Every value of every header, in order; a header without a value has an empty one. */
  readonly headers: Readonly<Record<string, readonly Buffer[]>>;
}

export function toKafkaRecord(
  topic: string,
  partition: number,
  message: KafkaMessage,
): KafkaRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestamp: new Date(Number(message.timestamp)),
    key: message.key,
    value: message.value,
    headers: normaliseHeaders(message.headers ?? {}),
  };
}

function normaliseHeaders(headers: IHeaders): Record<string, Buffer[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      (Array.isArray(value) ? value : [value]).map(toBuffer),
    ]),
  );
}

/** The type does not say so, but a header's value may be null on the wire. */
function toBuffer(value: Buffer | string | null | undefined): Buffer {
  return typeof value === "string" ? Buffer.from(value) : (value ?? Buffer.alloc(0));
}
