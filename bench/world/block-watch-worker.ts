import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";

/** What the chain's node says, with the time at which it said so. */
export type ChainNews =
  | { readonly kind: "block"; readonly number: number; readonly atMs: number }
  | { readonly kind: "pending"; readonly txHash: string; readonly atMs: number };

const CONNECT_TIMEOUT_MS = 5_000;
const KINDS = ["newHeads", "newPendingTransactions"] as const;

const subscribed = z.object({ id: z.int(), result: z.string() });
const told = z.object({
  params: z.object({
    subscription: z.string(),
    result: z.union([z.string(), z.object({ number: z.string() })]),
  }),
});

/** A thread of its own: the one that publishes and audits would hear of a block late. */
async function watch(wsUrl: string): Promise<void> {
  const socket = new WebSocket(wsUrl);
  let subscriptions = 0;
  socket.addEventListener("message", ({ data }) => {
    const atMs = Date.now();
    const message: unknown = JSON.parse(String(data));
    if (subscribed.safeParse(message).success) {
      subscriptions += 1;
      if (subscriptions === KINDS.length) tell("watching");
      return;
    }
    const { result } = told.parse(message).params;
    if (typeof result === "string") tell({ kind: "pending", txHash: result.toLowerCase(), atMs });
    else tell({ kind: "block", number: Number(result.number), atMs });
  });
  await once(socket, "open", { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
  for (const [id, kind] of KINDS.entries()) {
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, method: "eth_subscribe", params: [kind] }));
  }
}

function tell(news: ChainNews | "watching"): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage(news);
}

await watch(workerData as string);
