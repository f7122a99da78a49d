/** What is known of one partition when it is decided where to read on. All are next offsets, not last ones. */
export interface OffsetEvidence {
  /** In Postgres, moved in the same commit as the records' effect; null: no row. */
  readonly stored: bigint | null;
  /** The highest that was ever durable as far as Kafka and this process know; null: nothing. */
  readonly known: bigint | null;
  /** The log's first offset and the one after its last. */
  readonly low: bigint;
  readonly high: bigint;
}

/**
 * - `restored`: Postgres has forgotten what it once held, so it is a restored backup or a lagging replica;
 * - `topic_recreated`: the log is shorter than what was read of it;
 * - `records_lost`: the topic's retention deleted records before they were read.
 */
export type OffsetAlarmKind = "restored" | "topic_recreated" | "records_lost";

export interface Placement {
  readonly start: bigint;
  /** What Postgres goes on holding while records before it are read again; null: nothing is. */
  readonly kept: bigint | null;
  readonly alarms: readonly OffsetAlarmKind[];
}

/**
 * Where to read on. Postgres has the last word; Kafka's committed offset only lags behind it. Stored ahead of Kafka's is
 * an ordinary rebalance and silent. Where Kafka has no offset at all, it has dropped it with the topic that it was of (or
 * after a week without a member), and a topic made anew may be longer than the old one by now: it is read from its
 * beginning, since a record read again is recognised and one passed over is a worker unpaid. Neither side is set back
 * meanwhile: an instance that comes to itself would take that for a restored backup, and so would whoever reads on after
 * a crash for everything read. The evidence must be gathered in this order: known, then stored, then the log;
 * otherwise records that become durable in between look like a restored backup.
 */
export function placeOffset({ stored, known, low, high }: OffsetEvidence): Placement {
  const held = stored ?? low;
  if (held > high) return { start: low, kept: null, alarms: ["topic_recreated"] };
  if (known === null && held > low) return { start: low, kept: held, alarms: [] };
  const alarms: OffsetAlarmKind[] = [];
  // Kafka's own offset is at the log's start after it was out of range: that alone proves nothing.
  if (known !== null && known > held && known > low) alarms.push("restored");
  if (held < low) alarms.push("records_lost");
  return { start: held < low ? low : held, kept: null, alarms };
}
