import { topicsOf } from "./connections.ts";
import { bindDeployment } from "./deployment.ts";
import { loadOffsets } from "./intake/load-offsets.ts";
import { createPublishedObserver } from "./metrics/observe-published.ts";
import { findPostponed } from "./restore/postponed.ts";
import type { WatchDeps } from "./restore/watch-restores.ts";
import { adoptStored } from "./settlement/adopt-stored.ts";
import { alarmHandler, instanceOf, readerOf, settleDeps, type Connected } from "./stage-deps.ts";

/** Above every id that a round has looked at; a whole ledger's failed payments are some thousand rounds. */
const ROUNDS_MAX = 100_000;
const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";

/** What the watch for a restored backup asks: Kafka, our own topics and the chain. */
export function watchDeps(connected: Connected): WatchDeps {
  const { config, log, pool, kafka, codec, server } = connected;
  const topics = topicsOf(config);
  const reader = readerOf(connected);
  return {
    pool,
    log,
    server,
    bind: () => bindDeployment(pool, instanceOf(config)),
    kafka,
    codec,
    topics,
    groupId: config.KAFKA_GROUP_ID,
    taskTopic: topics.taskCompleted,
    readerGroupId: `${config.KAFKA_GROUP_ID}.own-topics.${config.INSTANCE_ID}`,
    loadOffsets: (topic, partitions) => loadOffsets(pool, topic, partitions),
    chainId: instanceOf(config).chainId,
    operators: config.PAYMENT_RAIL === "arc" ? connected.operators : [],
    usedNonces: async (operator) => reader.nonceAt(operator, await reader.headNumber()),
    onAlarm: alarmHandler(connected),
    onPublished: createPublishedObserver(connected),
    onClosed: () => judgePostponed(connected),
  };
}

/** What the chain had said while nobody could tell whether it contradicts us or was only forgotten. */
async function judgePostponed(connected: Connected): Promise<void> {
  const settle = settleDeps(connected);
  let after = BEFORE_ALL;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const ids = await findPostponed(connected.pool, after);
    const last = ids.at(-1);
    if (last === undefined) return;
    await adoptStored(settle, ids);
    after = last;
  }
}
