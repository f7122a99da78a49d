import { setTimeout as delay } from "node:timers/promises";
import { createPublicClient, webSocket } from "viem";
import type { Transfer, TransferReader } from "./read-transfers.ts";

/** A head wakes the reader; should the subscription be silent, this does. */
const SILENCE_MS = 1_000;

/** Reports what moved, block by block as the blocks come, until the signal aborts. What fails is read again with the next block. */
export async function watchTransfers(
  wsUrl: string,
  reader: TransferReader,
  onTransfers: (transfers: readonly Transfer[], seenAtMs: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let head = Promise.withResolvers<void>();
  const client = createPublicClient({ transport: webSocket(wsUrl) });
  const unwatch = client.watchBlockNumber({
    onBlockNumber: () => head.resolve(),
    onError: () => undefined,
  });
  signal.addEventListener("abort", () => head.resolve(), { once: true });
  try {
    while (!signal.aborted) {
      const transfers = await reader.next().catch(() => []);
      if (transfers.length > 0) onTransfers(transfers, Date.now());
      await Promise.race([head.promise, delay(SILENCE_MS, undefined, { ref: false })]);
      head = Promise.withResolvers<void>();
    }
  } finally {
    unwatch();
    await client.transport.getRpcClient().then(
      (rpc) => rpc.close(),
      () => undefined,
    );
  }
}
