import { fileURLToPath } from "node:url";
import { generatePrivateKey } from "viem/accounts";
import { ARC_CHAIN_ID } from "../../sandbox/chain/arc-chain.ts";
import { migrateService } from "../../sandbox/demo/service.ts";
import { serviceLogin } from "../../sandbox/postgres/service-login.ts";
import { spawnPart } from "../../sandbox/process/spawn-part.ts";
import type { Contender } from "./contender.ts";
import type { ContestWorld } from "./world.ts";

const SERVE = fileURLToPath(new URL("../rail/serve.ts", import.meta.url));
/** As the program's own first line says, with room for the chain that lives in its process here. */
const NODE_FLAGS = [
  "--disable-warning=TimeoutNegativeWarning",
  "--max-semi-space-size=12",
  "--max-old-space-size=768",
];
const READY_TIMEOUT_MS = 60_000;
const OPERATORS = 2;
/** Whose payments its database is of. */
export const OWN_INSTANCE = { chainId: ARC_CHAIN_ID, payOnce: `0x${"0".repeat(36)}0ce1` } as const;

/** Its settings as they are by default, on the rail of bench/rail; made once, since the wallets are new each time. */
export function ownSettings(): (world: ContestWorld) => Promise<Record<string, string>> {
  const keys = Array.from({ length: OPERATORS }, () => generatePrivateKey());
  return async (world) => ({
    METRICS_PORT: "0",
    HTTP_PORT: "0",
    PUBLIC_URL: "http://localhost:8080",
    LOG_LEVEL: "info",
    DATABASE_URL: await serviceLogin(world.databaseUrl),
    DATABASE_MIGRATION_URL: world.databaseUrl,
    KAFKA_BROKERS: world.brokers.join(","),
    KAFKA_SSL: "false",
    SCHEMA_REGISTRY_URL: world.registryUrl,
    PAYMENT_RAIL: "arc",
    PAY_ONCE_ADDRESS: OWN_INSTANCE.payOnce,
    PAYMENT_CURRENCIES: "USDC",
    PAYMENT_FEE_PERCENTAGE: "2.5",
    ARC_CHAIN_ID: String(OWN_INSTANCE.chainId),
    // Never asked where the chain is in the process.
    ARC_RPC_URL: "http://127.0.0.1:1",
    ARC_OPERATOR_PRIVATE_KEYS: keys.join(","),
    INSTANCE_ID: "contest",
  });
}

/** This service over a chain in its own process. */
export function createOwnService(backlog: number): Contender {
  const settings = ownSettings();
  return {
    name: "GigStream Payments",
    backlog,
    prepare: async (world) => migrateService(await settings(world)),
    async start(world) {
      const { profiles } = world;
      const profiling = profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`];
      const part = await spawnPart({
        name: "GigStream Payments",
        command: process.execPath,
        args: [...NODE_FLAGS, ...profiling, SERVE, world.directory],
        env: await settings(world),
        ready: { line: /"msg":"ready"/ },
        timeoutMs: READY_TIMEOUT_MS,
      });
      return [part];
    },
  };
}
