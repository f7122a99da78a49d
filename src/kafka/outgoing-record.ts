import type { IHeaders } from "kafkajs";

export interface OutgoingRecord {
  readonly topic: string;
  /** Decides the partition: records of one key stay in order. */
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  /** `event-id`, `traceparent` and `content-type` at least; the caller's to set. */
  readonly headers: IHeaders;
}

/** A record that Kafka will never take as it is. */
export interface RefusedRecord {
  /** Its place in the array that was given to `publish`. */
  readonly index: number;
  /** The broker's own code, such as MESSAGE_TOO_LARGE. */
  readonly reason: string;
}
