import type { World } from "./furnish.ts";
import type { Parts } from "./start-parts.ts";

export type Rail = "circle" | "arc";
export type Method = "payonce" | "transfer";

/** The environment of a service that runs against this sandbox, by the names in docs/configuration.md. */
export function serviceSettings(
  world: Parts & World,
  rail: Rail,
  method: Method = "payonce",
): Record<string, string> {
  const { kafka, registry, chain, circle, payOnce, arcOperators } = world;
  const { databaseUrl, serviceDatabaseUrl } = world;
  const common = {
    // Several services run beside one another here.
    METRICS_PORT: "0",
    HTTP_PORT: "0",
    PUBLIC_URL: "http://localhost:8080",
    DATABASE_URL: serviceDatabaseUrl,
    DATABASE_MIGRATION_URL: databaseUrl,
    KAFKA_BROKERS: kafka.brokers.join(","),
    KAFKA_SSL: "false",
    SCHEMA_REGISTRY_URL: registry.url,
    PAYMENT_RAIL: rail,
    PAYMENT_METHOD: method,
    ...(method === "payonce" && { PAY_ONCE_ADDRESS: payOnce }),
    ARC_RPC_URL: chain.rpcUrl,
    ARC_WS_URL: chain.wsUrl,
    ARC_CHAIN_ID: String(chain.chainId),
  };
  switch (rail) {
    case "circle":
      return {
        ...common,
        CIRCLE_API_KEY: circle.apiKey,
        CIRCLE_ENTITY_SECRET: circle.entitySecret,
        CIRCLE_OPERATOR_WALLET_IDS: circle.operatorWallets.map(({ id }) => id).join(","),
        CIRCLE_BASE_URL: circle.baseUrl,
      };
    case "arc":
      return {
        ...common,
        ARC_OPERATOR_PRIVATE_KEYS: arcOperators.map(({ privateKey }) => privateKey).join(","),
      };
  }
}
