import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TOPICS } from "../../sandbox/demo/world.ts";
import { freePort } from "../../sandbox/process/free-port.ts";
import { spawnPart, type Part } from "../../sandbox/process/spawn-part.ts";
import type { Contender } from "./contender.ts";
import { makeDirectoryTables, type ContestWorld } from "./world.ts";

const PEERS = fileURLToPath(new URL("../peers/", import.meta.url));
const READY_TIMEOUT_MS = 60_000;

export interface PeerSpec {
  readonly name: string;
  /** In bench/peers/. */
  readonly program: string;
  readonly backlog: number;
}

/** A peer that is one Node process. */
export function createPeer({ name, program, backlog }: PeerSpec): Contender {
  return {
    name,
    backlog,
    prepare: ({ databaseUrl }) => makeDirectoryTables(databaseUrl),
    start: async (world) => [await runProgram(name, [program], world)],
  };
}

/** Restate is two: its server, which keeps the journal and reads Kafka, and the process with the handlers. */
export function createRestate({ name, program, backlog }: PeerSpec): Contender {
  let ports: Promise<readonly number[]> | undefined;
  return {
    name,
    backlog,
    prepare: ({ databaseUrl }) => makeDirectoryTables(databaseUrl),
    async start(world) {
      ports ??= Promise.all(Array.from({ length: 4 }, freePort));
      const [admin, ingress, node, handlers] = await ports;
      const adminUrl = `http://127.0.0.1:${admin}`;
      const server = await spawnPart({
        name: "restate-server",
        command: restateBinary(),
        args: ["--base-dir", join(world.directory, "restate"), "--node-name", "contest"],
        env: {
          RESTATE_LISTEN_MODE: "tcp",
          RESTATE_BIND_IP: "127.0.0.1",
          RESTATE_BIND_PORT: String(node),
          RESTATE_ADMIN__BIND_PORT: String(admin),
          RESTATE_INGRESS__BIND_PORT: String(ingress),
          RESTATE_DISABLE_TELEMETRY: "true",
          RESTATE_LOG_FILTER: "warn",
        },
        ready: { probe: async () => (await fetch(`${adminUrl}/health`)).ok },
        timeoutMs: READY_TIMEOUT_MS,
      });
      try {
        const service = await runProgram(name, [program, adminUrl, String(handlers)], world);
        return [server, service];
      } catch (error) {
        await server.stop("SIGKILL");
        throw error;
      }
    },
  };
}

function runProgram(
  name: string,
  [program = "", ...args]: readonly string[],
  world: ContestWorld,
): Promise<Part> {
  return spawnPart({
    name,
    command: process.execPath,
    args: ["--disable-warning=TimeoutNegativeWarning", join(PEERS, program), ...args],
    env: {
      NODE_ENV: "production",
      // Restate's SDK would log a line per invocation.
      RESTATE_LOGGING: "WARN",
      DATABASE_URL: world.databaseUrl,
      KAFKA_BROKERS: world.brokers.join(","),
      SCHEMA_REGISTRY_URL: world.registryUrl,
      TOPIC_TASK_COMPLETED: TOPICS.tasks,
      TOPIC_PAYMENT_COMPLETED: TOPICS.outcomes.completed,
      LEDGER_PATH: world.ledgerPath,
    },
    ready: { line: /^ready$/ },
    timeoutMs: READY_TIMEOUT_MS,
  });
}

/** Not by its npm wrapper: who kills that leaves the server alive. */
function restateBinary(): string {
  const folder = `restate-server-${process.platform}-${process.arch}`;
  return join(PEERS, "node_modules", "@restatedev", folder, "bin", "restate-server");
}
