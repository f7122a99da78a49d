import { setTimeout as delay } from "node:timers/promises";
import type { Admin, Consumer, EachBatchPayload } from "kafkajs";
import type { Assignment } from "./assignment.ts";
import { idlePartitions } from "./check-offsets.ts";
import type { ConsumerDeps, ConsumerHandlers, ConsumerSettings } from "./consumer-ports.ts";
import { deliverBatch } from "./deliver-batch.ts";
import { trackAssignment } from "./track-assignment.ts";

/** The batches of one kafkajs consumer on their way to Postgres. */
export interface ConsumerSession {
  /** Undefined while the group is rebalancing. */
  readonly assignment: () => Assignment | undefined;
  readonly handleBatch: (payload: EachBatchPayload) => Promise<void>;
  /** Compares the offsets of partitions from which nothing came for a minute. */
  readonly checkIdle: () => Promise<void>;
  readonly isBusy: () => boolean;
  /** Takes no new batch and waits for those in flight, for `deadlineMs` at most. */
  readonly drain: (deadlineMs: number) => Promise<void>;
  /** Leaves whatever is still in flight to itself. */
  readonly end: () => void;
}

const IDLE_CHECK_MS = 10_000;

export function createSession(
  deps: ConsumerDeps,
  client: { consumer: Consumer; admin: Admin },
  work: { settings: ConsumerSettings; handlers: ConsumerHandlers },
): ConsumerSession {
  const ending = new AbortController();
  const tracker = trackAssignment(deps, client, work, ending.signal);
  const deliverDeps = { ...tracker, ...work, log: deps.log, signal: ending.signal };
  const inFlight = new Set<Promise<void>>();
  let isDraining = false;

  return {
    assignment: tracker.current,
    isBusy: () => inFlight.size > 0,
    async handleBatch(payload) {
      const assignment = tracker.current();
      const state = assignment?.partitions.get(payload.batch.partition);
      if (isDraining || !assignment || !state) return;
      state.logEnd = BigInt(payload.batch.highWatermark);
      state.activeAtMs = performance.now();
      state.isBusy = true;
      state.oldestAt = producedAt(payload);
      const delivery = deliverBatch(deliverDeps, assignment, state, payload);
      inFlight.add(delivery);
      try {
        await delivery;
      } catch (error) {
        if (!ending.signal.aborted) throw error;
      } finally {
        state.isBusy = false;
        state.oldestAt = null;
        inFlight.delete(delivery);
      }
    },
    async checkIdle() {
      const assignment = tracker.current();
      const idle = assignment ? idlePartitions(assignment, IDLE_CHECK_MS) : [];
      for (const state of idle) state.activeAtMs = performance.now();
      if (assignment && idle.length > 0) await tracker.check(assignment, idle);
    },
    async drain(deadlineMs) {
      isDraining = true;
      pauseAll(client.consumer, work.settings.topic, tracker.current());
      const deadline = delay(deadlineMs, undefined, { ref: false });
      await Promise.race([Promise.allSettled(inFlight), deadline]);
    },
    end() {
      isDraining = true;
      tracker.clear();
      ending.abort();
    },
  };
}

function producedAt({ batch }: EachBatchPayload): Date | null {
  const [first] = batch.messages;
  return first ? new Date(Number(first.timestamp)) : null;
}

function pauseAll(consumer: Consumer, topic: string, assignment: Assignment | undefined): void {
  const partitions = [...(assignment?.partitions.keys() ?? [])];
  if (partitions.length === 0) return;
  try {
    consumer.pause([{ topic, partitions }]);
  } catch {
    // kafkajs has stopped already: there is nothing left to pause.
  }
}
