import kafkajs from "kafkajs";
import type { Admin, Kafka } from "kafkajs";
import type { Logger } from "pino";
import { PaymentError } from "../errors.ts";
import { isKafkaAway } from "./kafka-errors.ts";
import { reasonOf, untilAvailable } from "./until-available.ts";

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  /** Topic configuration by Kafka's own names. */
  readonly config: Readonly<Record<string, string>>;
}

/** The largest record we take in, and so the largest dead letter. */
export const RECORD_BYTES_MAX = 6 * 1024 * 1024;

/**
 * What the service's four topics need. The input is stored uncompressed whatever the platforms send: the broker then
 * unpacks lz4 and snappy, which kafkajs cannot read and would crash on for ever.
 */
export function topicSpecs(
  topics: {
    readonly taskCompleted: string;
    readonly paymentCompleted: string;
    readonly paymentFailed: string;
    readonly deadLetters: string;
  },
  partitions: number,
): TopicSpec[] {
  const large = { "max.message.bytes": String(RECORD_BYTES_MAX) };
  return [
    {
      topic: topics.taskCompleted,
      partitions,
      config: { ...large, "compression.type": "uncompressed" },
    },
    { topic: topics.paymentCompleted, partitions, config: {} },
    { topic: topics.paymentFailed, partitions, config: {} },
    { topic: topics.deadLetters, partitions, config: large },
  ];
}

/**
 * Creates the topics that are missing, with the broker's default replication, and warns where one that exists differs;
 * changing what exists is the operator's to do. Waits, with one log line, while Kafka is away.
 */
export async function ensureTopics(
  deps: { kafka: Kafka; log: Logger; signal: AbortSignal },
  specs: readonly TopicSpec[],
): Promise<void> {
  await untilAvailable(deps, {
    part: "Kafka",
    isAway: isKafkaAway,
    attempt: async () => {
      const admin = deps.kafka.admin();
      try {
        await admin.connect();
        await createMissing(admin, deps.log, specs);
        await warnOfDifferences(admin, deps.log, specs);
      } finally {
        await admin.disconnect();
      }
    },
  }).catch((error: unknown) => {
    throw deps.signal.aborted ? error : topicsRefused(error);
  });
}

function topicsRefused(cause: unknown): PaymentError {
  return new PaymentError(
    "KAFKA_UNAVAILABLE",
    "reject",
    `Kafka refuses to list or create the topics (${reasonOf(cause)}); create them, or grant it to this client.`,
    { cause },
  );
}

async function createMissing(
  admin: Admin,
  log: Logger,
  specs: readonly TopicSpec[],
): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = specs.filter(({ topic }) => !existing.has(topic));
  if (missing.length === 0) return;
  // False where another instance was faster: then they are there as well.
  const created = await admin.createTopics({
    waitForLeaders: true,
    topics: missing.map(({ topic, partitions, config }) => ({
      topic,
      numPartitions: partitions,
      configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
    })),
  });
  if (created)
    log.info({ topics: missing.map(({ topic }) => topic) }, "Created the missing topics.");
}

async function warnOfDifferences(
  admin: Admin,
  log: Logger,
  specs: readonly TopicSpec[],
): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: specs.map(({ topic }) => topic) });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: specs.map(({ topic, config }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic,
      configNames: Object.keys(config),
    })),
  });
  for (const { topic, partitions, config } of specs) {
    const found = topics.find(({ name }) => name === topic)?.partitions.length;
    if (found !== partitions) {
      log.warn(
        { topic, expected: partitions, found },
        "The topic has another number of partitions.",
      );
    }
    const entries =
      resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
    for (const { configName, configValue } of entries) {
      const expected = config[configName];
      if (expected === undefined || expected === configValue) continue;
      log.warn(
        { topic, setting: configName, expected, found: configValue },
        "The topic is configured differently.",
      );
    }
  }
}
