import { z } from "zod";

const settings = z.object({
  DATABASE_URL: z.url(),
  KAFKA_BROKERS: z.string().transform((list) => list.split(",")),
  SCHEMA_REGISTRY_URL: z.url(),
  TOPIC_TASK_COMPLETED: z.string(),
  TOPIC_PAYMENT_COMPLETED: z.string(),
  /** The provider's ledger. */
  LEDGER_PATH: z.string(),
});

/** What a peer is told of the world; the names that are ours too mean the same. */
export const { DATABASE_URL, KAFKA_BROKERS, SCHEMA_REGISTRY_URL, LEDGER_PATH, ...topics } =
  settings.parse(process.env);

/** As our own consumer's, for all: with kafkajs' 30 s whoever was killed would wait as long for its partitions. */
export const CONSUMER = { groupId: "peer", sessionTimeout: 6_000, heartbeatInterval: 1_000 };
