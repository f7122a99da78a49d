import type { Logger } from "pino";
import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Transaction } from "../database/pool.ts";
import { publishedFrom, publishedOf, publishedRow } from "../database/published-rows.ts";
import { transact } from "../database/transact.ts";
import { oweAnnounced, type AnnouncedMessage } from "../database/webhook-messages.ts";
import type { AnnouncedOutcome, OutcomeDecoder } from "../kafka/decode-outcome.ts";
import type { KafkaRecord } from "../kafka/kafka-record.ts";
import { readRanges, type RangeBatch } from "../kafka/read-ranges.ts";
import type { Alarm } from "../payment/alarm.ts";
import { formatMicros } from "../payment/money.ts";
import type { Published } from "../payment/published.ts";
import { adoptAnnounced, type Contradiction } from "./adopt-announced.ts";
import { openRestore } from "./open-restore.ts";
import { moveOwnOffset, unknownRanges, type OwnTopics } from "./own-offsets.ts";

type AdoptBatchDeps = Pick<OwnTopics, "pool" | "topics"> & {
  readonly log: Logger;
  readonly codec: OutcomeDecoder;
  readonly onAlarm: (alarm: Alarm) => void;
  /** Told of each record that a relay had published and not marked. Never throws. */
  readonly onPublished: (published: Published) => void;
};

export interface AdoptDeps extends OwnTopics, AdoptBatchDeps {
  /** Of this process alone: kafkajs reads only as a member of a group. */
  readonly readerGroupId: string;
}

/**
 * Reads our own output topics from what is known of them to their ends. An event that this database never decided is
 * adopted, and opens a restore: only a database that forgot it can meet one. One that still waits in the outbox is there
 * already and is not published again. Throws where Kafka, registry or Postgres cannot be asked; safe to repeat.
 */
export async function adoptOwnTopics(deps: AdoptDeps, signal: AbortSignal): Promise<void> {
  const ranges = await unknownRanges(deps);
  const { readerGroupId: groupId } = deps;
  await readRanges(deps.kafka, { groupId, ranges }, (batch) => adoptBatch(deps, batch), signal);
}

interface FoundEvent {
  readonly record: KafkaRecord;
  readonly outcome: AnnouncedOutcome;
}

/** One batch in one commit, with the mark behind it. */
export async function adoptBatch(deps: AdoptBatchDeps, batch: RangeBatch): Promise<void> {
  const found = await decodeAll(deps, batch.records);
  const { contradictions, published } = await transact(deps.pool, async (tx) => {
    const unknown = await keepUnknown(tx, found);
    const published = await markThere(tx, found);
    await moveOwnOffset(tx, { ...batch.range, from: batch.fromOffset, to: batch.nextOffset });
    const [first] = unknown;
    if (!first) return { contradictions: [], published };
    await openRestore({ db: tx, log: deps.log }, signOf(first));
    await tx.query(sql.type(anyRow)`
      UPDATE restores SET outcomes_adopted = outcomes_adopted + ${unknown.length} WHERE closed_at IS NULL`);
    await oweAnnounced(tx, unknown.map(messageOf));
    const ids = unknown.map(({ outcome }) => outcome.event.paymentId);
    const contradictions = await adoptAnnounced(tx, ids);
    await auditContradictions(tx, contradictions);
    return { contradictions, published };
  });
  deps.onPublished(published);
  for (const { paymentId, generation, ...details } of contradictions) {
    const alarm: Alarm = { kind: "announced_otherwise", paymentId, generation, details };
    deps.log.error({ alarm }, "our own topic contradicts this database");
    deps.onAlarm(alarm);
  }
}

function messageOf({ record, outcome }: FoundEvent): AnnouncedMessage {
  const { eventId, platformId } = outcome.event;
  return { eventId, platformId, kind: outcome.kind, payload: record.value };
}

async function decodeAll(
  { codec, topics, log }: AdoptBatchDeps,
  records: readonly KafkaRecord[],
): Promise<FoundEvent[]> {
  const found: FoundEvent[] = [];
  for (const record of records) {
    const kind = record.topic === topics.paymentCompleted ? "completed" : "failed";
    const outcome = await codec.decodeOutcome(kind, record.value);
    if (outcome) found.push({ record, outcome });
    else {
      const { topic, partition, offset } = record;
      log.warn({ topic, partition, offset: `${offset}` }, "a record in our own topic is not ours");
    }
  }
  return found;
}

const idRow = z.object({ event_id: z.string() });
const TYPES = [
  ["uuid", "uuid", "int4", "text", "text", "text", "bool", "text", "text", "int4", "int8"],
  ["text", "numeric", "text", "numeric", "numeric", "int8"],
].flat();

/** Stores those that this database never decided, and answers them. */
async function keepUnknown(tx: Transaction, found: readonly FoundEvent[]): Promise<FoundEvent[]> {
  if (found.length === 0) return [];
  const kept = await tx.any(sql.prepared("restore-keep-unknown", idRow)`
    INSERT INTO announced_outcomes (event_id, payment_id, generation, kind, code, message, retryable, tx_hash, topic,
      partition, record_offset, worker_id, amount, currency, fee, net_amount, latency_ms)
    SELECT a.* FROM ${sql.unnest(found.map(tupleOf), TYPES)} AS a (event_id, payment_id, generation, kind, code, message,
      retryable, tx_hash, topic, partition, record_offset, worker_id, amount, currency, fee, net_amount, latency_ms)
    WHERE NOT EXISTS (SELECT FROM payment_outcomes o WHERE o.event_id = a.event_id)
    ON CONFLICT DO NOTHING
    RETURNING event_id
  `);
  const ids = new Set(kept.map(({ event_id: id }) => id));
  return found.filter(({ outcome }) => ids.delete(outcome.event.eventId));
}

function tupleOf({ record, outcome }: FoundEvent) {
  const { eventId, paymentId, generation, workerId, amount, currency } = outcome.event;
  const failure = outcome.kind === "failed" ? outcome.event : null;
  const paid = outcome.kind === "completed" ? outcome.event : null;
  return [
    eventId,
    paymentId,
    generation,
    outcome.kind,
    failure?.code ?? null,
    failure?.message ?? null,
    failure?.retryable ?? null,
    paid?.txHash ?? failure?.voidTxHash ?? null,
    record.topic,
    record.partition,
    record.offset,
    workerId,
    formatMicros(amount),
    currency,
    paid && formatMicros(paid.fee),
    paid && formatMicros(paid.netAmount),
    paid && paid.latencyMs,
  ];
}

/**
 * The topic has it: whatever the outbox would say of the same event now, it is not said again. When Kafka got it, the
 * record itself tells: whoever published it died before it could be noted.
 */
async function markThere(tx: Transaction, found: readonly FoundEvent[]): Promise<Published> {
  if (found.length === 0) return publishedOf([]);
  const column = (type: string, of: (event: FoundEvent) => string) =>
    sql.array(found.map(of), type);
  const rows = await tx.any(sql.prepared("restore-mark-published", publishedRow)`
    WITH marked AS (
      UPDATE outbox o SET published_at = greatest(o.created_at, least(payment_now(), t.recorded_at))
      FROM unnest(
        ${column("uuid", ({ outcome }) => outcome.event.eventId)},
        ${column("timestamptz", ({ record }) => record.timestamp.toISOString())}
      ) AS t (event_id, recorded_at)
      WHERE o.event_id = t.event_id AND o.published_at IS NULL AND o.refused_at IS NULL
      RETURNING o.event_id, o.payment_id, o.generation, o.published_at
    )
    ${publishedFrom}
  `);
  return publishedOf(rows);
}

async function auditContradictions(
  tx: Transaction,
  contradictions: readonly Contradiction[],
): Promise<void> {
  for (const { paymentId, generation, ...details } of contradictions) {
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, payment_id, generation, details)
      VALUES ('system', 'alarm.announced_otherwise', ${paymentId}, ${generation}, ${sql.jsonb(details)})`);
  }
}

function signOf({ record, outcome }: FoundEvent) {
  const { topic, partition, offset } = record;
  const { eventId } = outcome.event;
  return { kind: "outcomes", topic, partition, offset: `${offset}`, eventId } as const;
}
