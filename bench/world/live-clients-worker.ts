import { get, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

/** What the clients of this thread have met since they last said so; `connected` is how many there are by now. */
export interface Listening {
  readonly connected: number;
  readonly events: number;
  /** Connections that the service ended. */
  readonly ended: number;
}

/** Below a key's 100 requests a second. */
const CONNECT_EVERY_MS = 12;
const TELL_EVERY_MS = 200;

const { urls, headers } = workerData as {
  readonly urls: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
};

let connected = 0;
let events = 0;
let ended = 0;

for (const url of urls) {
  listen(await connect(url));
  connected += 1;
  await delay(CONNECT_EVERY_MS);
}
setInterval(() => {
  const message: Listening = { connected, events, ended };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage(message);
  events = 0;
  ended = 0;
}, TELL_EVERY_MS);

function connect(url: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(url, { headers, agent: false }, (response) => {
    if (response.statusCode === 200) resolve(response);
    else reject(new Error(`GET /v1/events answered ${response.statusCode}`));
  }).on("error", reject);
  return promise;
}

function listen(stream: IncomingMessage): void {
  // Counted, not parsed: the cost that matters is the service's.
  stream.on("data", (chunk: Buffer) => {
    for (let at = chunk.indexOf("event:"); at !== -1; at = chunk.indexOf("event:", at + 6)) {
      events += 1;
    }
  });
  stream.on("close", () => (ended += 1));
}
