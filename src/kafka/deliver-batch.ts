import { setTimeout as delay } from "node:timers/promises";
import type { EachBatchPayload } from "kafkajs";
import type { Logger } from "pino";
import { failpoint } from "../failpoint.ts";
import type { Assignment, PartitionState } from "./assignment.ts";
import type { ConsumerHandlers, Delivery, PartitionBatch } from "./consumer-ports.ts";
import { whileHeartbeating } from "./heartbeats.ts";
import { toKafkaRecord } from "./kafka-record.ts";

export interface DeliverDeps {
  readonly log: Logger;
  readonly handlers: ConsumerHandlers;
  readonly seek: (partition: number, offset: bigint) => void;
  /** Sets the partition's position anew, from Postgres, Kafka and the log, and seeks where it moved. */
  readonly check: (assignment: Assignment, states: readonly PartitionState[]) => Promise<void>;
  readonly isCurrent: (assignment: Assignment) => boolean;
  /** Aborts when the consumer ends. */
  readonly signal: AbortSignal;
}

/** A conflict is another instance at work on the partition; it is settled by the next rebalance. */
const CONFLICT_PAUSE_MS = 200;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 5_000;

/**
 * One fetched batch of one partition, from its arrival until it is durable and resolved. Resolves nothing unless it is
 * durable. Rejects only where kafkajs must act on it: a failed heartbeat.
 */
export async function deliverBatch(
  deps: DeliverDeps,
  assignment: Assignment,
  state: PartitionState,
  payload: EachBatchPayload,
): Promise<void> {
  const call = new AbortController();
  const beating = <T>(work: Promise<T>) =>
    whileHeartbeating(work, () => payload.heartbeat(), deps.signal);
  const isOurs = () => deps.isCurrent(assignment) && !payload.isStale();
  try {
    await beating(assignment.checked);
    if (!isOurs()) return;
    if (!(await beating(followsOn(deps, assignment, state, payload))) || !isOurs()) return;
    // Past a transaction's marker behind the last record, as kafkajs itself goes on.
    const next = BigInt(payload.batch.lastOffset()) + 1n;
    const batch = toBatch(state, payload, next);
    const delivery = await beating(untilAnswered(deps, batch, call.signal));
    if (!isOurs()) return;
    if (delivery.kind === "conflict") {
      await beating(delay(CONFLICT_PAUSE_MS));
      await beating(deps.check(assignment, [state]));
      return;
    }
    await failpoint("records.durable");
    state.stored = batch.nextOffset;
    state.position = next;
    state.durable = next === batch.nextOffset ? next : null;
    payload.resolveOffset(payload.batch.messages.at(-1)?.offset ?? payload.batch.lastOffset());
  } finally {
    call.abort();
  }
}

/**
 * Whether the batch begins where reading should go on. Where it does not, kafkajs has moved by itself, as it does when
 * the log no longer has the offset: so the offsets are checked, which raises the alarm.
 */
async function followsOn(
  deps: DeliverDeps,
  assignment: Assignment,
  state: PartitionState,
  { batch }: EachBatchPayload,
): Promise<boolean> {
  const first = BigInt(batch.firstOffset() ?? -1);
  const expected = state.position;
  if (first === expected) return true;
  await deps.check(assignment, [state]);
  if (state.position !== expected || expected === undefined) return false;
  // A gap that the check has nothing to say about is compaction or a transaction's marker.
  if (first > expected) return true;
  deps.seek(state.partition, expected);
  return false;
}

function toBatch(state: PartitionState, { batch }: EachBatchPayload, next: bigint): PartitionBatch {
  const { topic, partition } = batch;
  return {
    topic,
    partition,
    records: batch.messages.map((message) => toKafkaRecord(topic, partition, message)),
    expectedOffset: state.stored,
    nextOffset: state.kept !== null && state.kept > next ? state.kept : next,
  };
}

/** A handler that fails gets the same batch again: a record is never dropped and never skipped. */
async function untilAnswered(
  deps: DeliverDeps,
  batch: PartitionBatch,
  signal: AbortSignal,
): Promise<Delivery> {
  for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
    try {
      return await deps.handlers.onRecords(batch);
    } catch (error) {
      if (signal.aborted) throw error;
      if (waitMs === RETRY_FIRST_MS) {
        const { topic, partition, expectedOffset } = batch;
        deps.log.warn(
          { topic, partition, expectedOffset, records: batch.records.length, err: error },
          "Records could not be accepted; trying again until they are.",
        );
      }
    }
    await delay(waitMs, undefined, { signal });
  }
}
