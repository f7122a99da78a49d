import type { Chain } from "./chain/start-chain.ts";
import type { SettingsPatch } from "./circle/control/settings.ts";
import type { Kafka } from "./kafka/start-kafka.ts";
import { partStarters } from "./part-starters.ts";
import type { Postgres } from "./postgres/postgres-at.ts";
import type { Registry } from "./registry/start-registry.ts";
import { spawnCircle, type Circle } from "./spawn-circle.ts";

export interface PartsOptions {
  /** Milliseconds between blocks; 500, as Arc, unless told. */
  readonly blockTimeMs?: number;
  /** Arc's unless told. */
  readonly blockGasLimit?: number;
  /** False trades Postgres' durability for the speed of a test; true unless told. */
  readonly fsync?: boolean;
  /** What differs from the Circle emulator's usual latencies and limits. */
  readonly circle?: SettingsPatch;
  readonly signal?: AbortSignal;
}

export interface Parts {
  readonly postgres: Postgres;
  readonly kafka: Kafka;
  readonly registry: Registry;
  readonly chain: Chain;
  readonly circle: Circle;
}

/**
 * Starts all parts at once and leaves each one's end on `running`. When one fails, it waits until the others have
 * started or given up, so that what is on `running` is all there is to clean up.
 */
export async function startParts(
  options: PartsOptions,
  running: AsyncDisposableStack,
): Promise<Parts> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  const keep = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const part = await starting;
    running.defer(() => part.stop());
    return part;
  };
  const starters = await partStarters();
  const { blockTimeMs, blockGasLimit, fsync } = options;
  const blocks = { ...(blockTimeMs && { blockTimeMs }), ...(blockGasLimit && { blockGasLimit }) };
  const chain = keep(starters.startChain({ signal, ...blocks }));
  const starts = [
    keep(starters.startPostgres({ signal, ...(fsync !== undefined && { fsync }) })),
    keep(starters.startKafka({ signal })),
    keep(starters.startRegistry({ signal })),
    chain,
    chain.then(({ rpcUrl, chainId }) =>
      keep(
        spawnCircle({
          rpcUrl,
          chainId,
          signal,
          ...(options.circle && { settings: options.circle }),
        }),
      ),
    ),
  ] as const;
  try {
    const [postgres, kafka, registry, , circle] = await Promise.all(starts);
    return { postgres, kafka, registry, chain: await chain, circle };
  } catch (error) {
    failed.abort();
    // What is still starting must have ended, or be kept for disposal, before the caller cleans up.
    await Promise.allSettled(starts);
    throw error;
  }
}
