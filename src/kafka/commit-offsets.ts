import type { Consumer } from "kafkajs";
import type { Logger } from "pino";
import { failpoint } from "../failpoint.ts";
import type { Assignment } from "./assignment.ts";
import { reasonOf } from "./until-available.ts";

/** Kafka's own commit lags behind Postgres by this and a little: what it costs is a few records read twice. */
const COMMIT_INTERVAL_MS = 250;

export interface OffsetCommits {
  /** Commits what is durable and not yet committed. Never rejects: the next one says it again. */
  readonly commitNow: () => Promise<void>;
  readonly stop: () => void;
}

/**
 * Commits durable offsets in the background, one commit in flight. Not by kafkajs: it would commit after every batch
 * of every partition and wait for it, which costs 20 ms at 200 records/s.
 */
export function startOffsetCommits(
  deps: { consumer: Consumer; log: Logger; topic: string },
  current: () => Assignment | undefined,
): OffsetCommits {
  let inFlight: Promise<void> | undefined;
  const timer = setInterval(() => {
    inFlight ??= commitDurable().finally(() => (inFlight = undefined));
  }, COMMIT_INTERVAL_MS);

  return {
    async commitNow() {
      await inFlight;
      await commitDurable();
    },
    stop: () => clearInterval(timer),
  };

  async function commitDurable(): Promise<void> {
    const due = [...(current()?.partitions.values() ?? [])].flatMap((state) =>
      state.durable === null || state.durable === state.committed
        ? []
        : [{ state, offset: state.durable }],
    );
    if (due.length === 0) return;
    try {
      await failpoint("offsets.before_commit");
      await deps.consumer.commitOffsets(
        due.map(({ state, offset }) => ({
          topic: deps.topic,
          partition: state.partition,
          offset: offset.toString(),
        })),
      );
      await failpoint("offsets.committed");
      for (const { state, offset } of due) state.committed = offset;
    } catch (error) {
      deps.log.debug(
        { reason: reasonOf(error) },
        "Offsets were not committed; the next try is due.",
      );
    }
  }
}
