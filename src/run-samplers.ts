import { topicsOf } from "./connections.ts";
import { refreshStatistics } from "./database/refresh-statistics.ts";
import { loadOffsets } from "./intake/load-offsets.ts";
import type { RunningConsumer } from "./kafka/consumer.ts";
import { createEndsReader } from "./kafka/ends-reader.ts";
import { createChainSampler } from "./sampling/sample-chain.ts";
import { createDatabaseSampler } from "./sampling/sample-database.ts";
import { sampleEvery } from "./sampling/sample-every.ts";
import { createKafkaSampler } from "./sampling/sample-kafka.ts";
import { fundsReaderOf, instanceOf, type Connected } from "./stage-deps.ts";
import { sweep } from "./sweep.ts";

/** A flood fills an empty table with some thousand rows in that time. */
const STATISTICS_EVERY_MS = 2_000;

/**
 * Gathers what is shown at `/metrics` and is nobody's work, and what Postgres should know of tables that grow, beside the line
 * until the signal aborts. Never rejects.
 */
export async function runSamplers(
  connected: Connected,
  consumer: RunningConsumer,
  signal: AbortSignal,
): Promise<void> {
  const { config, log, metrics, pool, kafka, rpc, operators } = connected;
  const { tokens } = config;
  const { taskCompleted } = topicsOf(config);
  const instance = instanceOf(config);
  const database = createDatabaseSampler({ pool, metrics, instance, tokens, operators });
  const funds = fundsReaderOf(connected);
  const { payers } = database;
  const ends = createEndsReader(kafka, taskCompleted);
  const samplers = [
    database,
    createChainSampler({ rpc, funds, metrics, operators, payers }),
    createKafkaSampler({
      metrics,
      consumer,
      readEnds: () => ends.read(),
      loadOffsets: (partitions) => loadOffsets(pool, taskCompleted, partitions),
    }),
  ];
  const keepCounted = () => refreshStatistics(pool);
  await Promise.all([
    ...samplers.map((each) => sampleEvery({ log, metrics }, each, signal)),
    sweep({ log, everyMs: STATISTICS_EVERY_MS }, "tables that have grown", keepCounted, signal),
  ]);
  await ends.close();
}
