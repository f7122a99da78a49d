import { setTimeout as delay } from "node:timers/promises";
import type { Assignment } from "./assignment.ts";
import type { ConsumerDeps, ConsumerHandlers, ConsumerSettings } from "./consumer-ports.ts";
import { startConsumerLife } from "./consumer-life.ts";
import type { ConsumerLife } from "./consumer-life.ts";
import { untilAvailable } from "./until-available.ts";

export interface PartitionStatus {
  readonly partition: number;
  /** The next offset to read; null while it is being compared with Postgres. */
  readonly next: bigint | null;
  /** The log's end when last fetched; null before the first record. */
  readonly logEnd: bigint | null;
  /** When the oldest record on its way to Postgres was produced; null: none is on its way. */
  readonly oldestAt: Date | null;
}

export interface RunningConsumer {
  /** Whether the group has let us in; a rebalance or an outage says no for a while. */
  readonly isJoined: () => boolean;
  readonly partitions: () => PartitionStatus[];
  /** When the broker last answered a fetch, records or none; null: this consumer, or the one in its place, has none yet. */
  readonly fetchedAt: () => Date | null;
  /**
   * Stops fetching, waits for the batches in flight for `deadlineMs` at most, commits what is durable and leaves the
   * group. What was in flight longer is delivered again to whoever comes next.
   */
  readonly stop: (deadlineMs: number) => Promise<void>;
}

const REBUILD_FIRST_MS = 500;
const REBUILD_MAX_MS = 15_000;
/** A consumer that lived this long was sound: the next rebuild is quick again. */
const SOUND_LIFE_MS = 60_000;

/**
 * Delivers a topic's records to `handlers.onRecords`, batch by batch and per partition in order, each batch until it is
 * durable. Where to read on is decided by the offsets in Postgres. Returns at once; while Kafka is away it says so in
 * one line and goes on trying, and a consumer that crashed is replaced by a new one.
 */
export function runConsumer(
  deps: ConsumerDeps,
  settings: ConsumerSettings,
  handlers: ConsumerHandlers,
): RunningConsumer {
  const stopping = new AbortController();
  let life: ConsumerLife | undefined;
  const running = keepAlive();

  return {
    isJoined: () => life?.assignment() !== undefined,
    partitions: () => statusesOf(life?.assignment()),
    fetchedAt: () => life?.fetchedAt() ?? null,
    async stop(deadlineMs) {
      stopping.abort();
      await life?.close(deadlineMs);
      await running;
    },
  };

  async function keepAlive(): Promise<void> {
    const { signal } = stopping;
    const stopped = new Promise<undefined>((resolve) => {
      signal.addEventListener("abort", () => resolve(undefined));
    });
    try {
      for (let pauseMs = REBUILD_FIRST_MS; !signal.aborted;) {
        life = await startLife();
        const bornAtMs = performance.now();
        const reason = await Promise.race([life.ended, stopped]);
        if (reason === undefined) return;
        deps.log.warn(
          { reason, topic: settings.topic },
          "The Kafka consumer ended; starting anew.",
        );
        await life.close(0);
        life = undefined;
        if (performance.now() - bornAtMs > SOUND_LIFE_MS) pauseMs = REBUILD_FIRST_MS;
        await delay(pauseMs, undefined, { signal });
        pauseMs = Math.min(pauseMs * 2, REBUILD_MAX_MS);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** A life that began just when the service was told to stop is ended here: stop() did not see it. */
  async function startLife(): Promise<ConsumerLife> {
    const started = await untilAvailable(
      { log: deps.log, signal: stopping.signal },
      {
        part: "Kafka (consuming)",
        attempt: () => startConsumerLife(deps, settings, handlers),
      },
    );
    if (stopping.signal.aborted) await started.close(0);
    return started;
  }
}

function statusesOf(assignment: Assignment | undefined): PartitionStatus[] {
  return [...(assignment?.partitions.values() ?? [])].map((state) => ({
    partition: state.partition,
    next: state.position ?? null,
    logEnd: state.logEnd,
    oldestAt: state.oldestAt,
  }));
}
