import type { Chain, ChainOptions } from "./chain/start-chain.ts";
import type { Kafka } from "./kafka/start-kafka.ts";
import type { Postgres } from "./postgres/postgres-at.ts";
import type { PostgresOptions } from "./postgres/start-postgres.ts";
import type { Registry } from "./registry/start-registry.ts";

/** What every way to run the parts offers; the rest of the sandbox does not know which one it is. */
export interface PartStarters {
  startPostgres(options: PostgresOptions): Promise<Postgres>;
  startKafka(options: { readonly signal?: AbortSignal }): Promise<Kafka>;
  startRegistry(options: { readonly signal?: AbortSignal }): Promise<Registry>;
  startChain(options: ChainOptions): Promise<Chain>;
}

/** Programs on this machine, or with SANDBOX=containers the same in Docker. */
export async function partStarters(): Promise<PartStarters> {
  const kind = process.env["SANDBOX"] || "programs";
  switch (kind) {
    case "programs": {
      const { startChain } = await import("./chain/start-chain.ts");
      const { startKafka } = await import("./kafka/start-kafka.ts");
      const { startPostgres } = await import("./postgres/start-postgres.ts");
      const { startRegistry } = await import("./registry/start-registry.ts");
      return { startChain, startKafka, startPostgres, startRegistry };
    }
    case "containers":
      return (await import("./containers/container-starters.ts")).containerStarters();
    default:
      throw new Error(`SANDBOX=${kind} is neither "programs" (the default) nor "containers".`);
  }
}
