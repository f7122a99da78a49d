import { startChain } from "../chain/start-chain.ts";
import type { PartStarters } from "../part-starters.ts";
import { startKafkaContainer } from "./kafka-container.ts";
import { startPostgresContainer } from "./postgres-container.ts";
import { startRegistryContainer } from "./registry-container.ts";

/**
 * The parts that otherwise need Java or a Postgres for this platform, in Docker. The chain and Circle run as they
 * always do: npm brings all of both.
 */
export function containerStarters(): PartStarters {
  return {
    startChain,
    startKafka: startKafkaContainer,
    startPostgres: startPostgresContainer,
    startRegistry: startRegistryContainer,
  };
}
