import type { Sandbox } from "../../../sandbox/sandbox.ts";
import { openChainBox, type ChainBox } from "./chain-box.ts";
import { circleBox, type CircleBox } from "./circle-box.ts";
import { openHookBox, type HookBox } from "./hook-box.ts";
import { openKafkaBox, type KafkaBox } from "./kafka-box.ts";
import { openPostgresBox, type PostgresBox } from "./postgres-box.ts";
import { openProcessBox, type ProcessBox } from "./process-box.ts";

/** What stands between a world's services and the parts. Seeding, traffic and auditor go past it. */
export interface Boxes {
  readonly postgres: PostgresBox;
  readonly kafka: KafkaBox;
  readonly chain: ChainBox;
  readonly circle: CircleBox;
  readonly hooks: HookBox;
  readonly processes: ProcessBox;
  /** What differs from these settings of a service that goes by way of the boxes. */
  readonly settings: (base: Readonly<Record<string, string>>) => Record<string, string>;
}

/** Where a sandbox's parts are. */
interface Parts {
  readonly postgres: Pick<Sandbox["postgres"], "port" | "url">;
  readonly kafka: Pick<Sandbox["kafka"], "brokers">;
  readonly chain: Pick<Sandbox["chain"], "rpcUrl" | "wsUrl">;
  readonly circle: Pick<Sandbox["circle"], "control">;
}

/** Opens a box for every part of a sandbox. */
export async function openBoxes(parts: Parts): Promise<Boxes & AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  const postgres = opening.use(await openPostgresBox(parts.postgres.port));
  const kafka = opening.use(await openKafkaBox(Number(parts.kafka.brokers[0]?.split(":")[1])));
  const chain = opening.use(await openChainBox(parts.chain));
  const hooks = opening.use(await openHookBox());
  const processes = opening.use(await openProcessBox());
  const circle = circleBox(parts.circle.control);
  const open = opening.move();
  return {
    postgres,
    kafka,
    chain,
    circle,
    hooks,
    processes,
    settings: (base) => ({
      DATABASE_URL: postgres.urlOf(base["DATABASE_URL"] ?? parts.postgres.url),
      KAFKA_BROKERS: kafka.brokers.join(","),
      ARC_RPC_URL: [chain.rpcUrls.first, chain.rpcUrls.second].join(","),
      ARC_WS_URL: chain.heads.wsUrl,
      ...processes.settings(base),
    }),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
