import { execute, postgresAt, type Postgres } from "../postgres/postgres-at.ts";
import { serverFlags } from "../postgres/server-flags.ts";
import type { PostgresOptions } from "../postgres/start-postgres.ts";
import { onFreePort } from "../process/free-port.ts";
import { imageOf } from "./images.ts";
import { runContainer } from "./run-container.ts";

/** Postgres from its official image, tuned as the one on this machine is. */
export async function startPostgresContainer(options: PostgresOptions): Promise<Postgres> {
  if (options.dir !== undefined)
    throw new Error("postgres in a container keeps no directory here.");
  return onFreePort(async (hostPort) => {
    const url = `postgres://postgres@127.0.0.1:${hostPort}/postgres`;
    const server = await runContainer({
      name: "postgres",
      image: imageOf("postgres"),
      command: ["postgres", ...serverFlags(options)],
      env: { POSTGRES_HOST_AUTH_METHOD: "trust" },
      port: 5432,
      hostPort,
      answers: () => execute(url, "SELECT 1").then(() => true),
      ...(options.signal && { signal: options.signal }),
    });
    return postgresAt(hostPort, server, () => server.remove());
  });
}
