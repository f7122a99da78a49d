import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ChainNews } from "./block-watch-worker.ts";

/** When the chain's node had each block, and when it had taken each transaction, as one who is not the service heard it. */
export interface BlockWatch extends AsyncDisposable {
  readonly blockAtMs: ReadonlyMap<number, number>;
  /** By hash, lower-case. */
  readonly takenAtMs: ReadonlyMap<string, number>;
}

export async function watchBlocks(wsUrl: string): Promise<BlockWatch> {
  const blockAtMs = new Map<number, number>();
  const takenAtMs = new Map<string, number>();
  const worker = new Worker(new URL("./block-watch-worker.ts", import.meta.url), {
    workerData: wsUrl,
  });
  await once(worker, "message");
  worker.on("message", (news: ChainNews) => {
    if (news.kind === "block") blockAtMs.set(news.number, news.atMs);
    else takenAtMs.set(news.txHash, news.atMs);
  });
  return {
    blockAtMs,
    takenAtMs,
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
