import type { Config } from "./config.ts";
import { openPool, type Database, type PoolSettings } from "./database/pool.ts";
import { createKafka } from "./kafka/client.ts";
import { connectCodec, type Codec } from "./kafka/codec.ts";
import type { RegistrySettings } from "./kafka/registry.ts";
import type { Logger } from "./log.ts";

/** The service's topics, by what they are for. */
export function topicsOf(config: Config) {
  return {
    taskCompleted: config.TOPIC_TASK_COMPLETED,
    paymentCompleted: config.TOPIC_PAYMENT_COMPLETED,
    paymentFailed: config.TOPIC_PAYMENT_FAILED,
    deadLetters: config.TOPIC_DEAD_LETTERS,
  };
}

export function databaseOf(
  config: Config,
  onConnection: NonNullable<PoolSettings["onConnection"]>,
  {
    poolMax = config.DATABASE_POOL_MAX,
    ...options
  }: { readonly poolMax?: number } & Pick<PoolSettings, "looksUpByKeys"> = {},
): Promise<Database> {
  return openPool({
    url: config.DATABASE_URL,
    poolMax,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
    onConnection,
    ...options,
  });
}

export function kafkaOf(config: Config, log: Logger): ReturnType<typeof createKafka> {
  const mechanism = config.KAFKA_SASL_MECHANISM;
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config;
  return createKafka(
    {
      brokers: config.KAFKA_BROKERS,
      clientId: config.KAFKA_CLIENT_ID,
      ssl: config.KAFKA_SSL,
      ...(mechanism && { sasl: { mechanism, username, password } }),
    },
    log,
  );
}

/** Waits while the registry is away, and registers our contracts. */
export function codecOf(config: Config, deps: Parameters<typeof connectCodec>[0]): Promise<Codec> {
  return connectCodec(deps, { ...registryOf(config), topics: topicsOf(config) });
}

function registryOf(config: Config): RegistrySettings {
  const username = config.SCHEMA_REGISTRY_USERNAME;
  return {
    registryUrl: config.SCHEMA_REGISTRY_URL,
    ...(username !== "" && { username, password: config.SCHEMA_REGISTRY_PASSWORD }),
  };
}
