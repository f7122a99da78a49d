import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ApiAccess } from "./api-access.ts";
import type { Listening } from "./live-clients-worker.ts";

/** Connections to `GET /v1/events`, held by a thread of their own. */
export interface LiveClients extends AsyncDisposable {
  /** So far, over all of them. */
  readonly heard: () => { readonly events: number; readonly ended: number };
}

/** Connects one client per query and resolves once each is answered; slowly enough for a key's limit of requests. */
export async function connectLiveClients(
  { url, headers }: ApiAccess,
  queries: readonly string[],
): Promise<LiveClients> {
  const worker = new Worker(new URL("./live-clients-worker.ts", import.meta.url), {
    workerData: { headers, urls: queries.map((query) => `${url}/v1/events?${query}`) },
  });
  const heard = { events: 0, ended: 0 };
  worker.on("message", (message: Listening) => {
    heard.events += message.events;
    heard.ended += message.ended;
  });
  const connected = Promise.withResolvers<void>();
  worker.on("message", ({ connected: count }: Listening) => {
    if (count === queries.length) connected.resolve();
  });
  worker.once("error", connected.reject);
  await connected.promise;
  return {
    heard: () => ({ ...heard }),
    async [Symbol.asyncDispose]() {
      const gone = once(worker, "exit");
      await worker.terminate();
      await gone;
    },
  };
}
