import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A notification that a service has answered. */
export interface AnsweredHook {
  readonly notificationId: string;
  readonly transactionId: string;
  readonly state: string;
  readonly status: number;
}

/** One address for Circle to notify, whichever services run behind it, as a load balancer's is. */
export interface HookBox {
  readonly url: string;
  /** A service listens there; the newest is tried first. */
  addService(port: number): void;
  /** What services answered, oldest first. */
  readonly answered: readonly AnsweredHook[];
}

const PATH = "/v1/webhooks/circle";
const TIMEOUT_MS = 1_500;
const HEADERS = ["content-type", "x-circle-signature", "x-circle-key-id"];

export async function openHookBox(): Promise<HookBox & AsyncDisposable> {
  const ports: number[] = [];
  const answered: AnsweredHook[] = [];

  /** The first service's answer; 503 where none is up, which Circle mends by sending again. */
  async function pass(request: IncomingMessage): Promise<number> {
    const bytes = await bytesOf(request);
    for (const port of ports.toReversed()) {
      const status = await post(port, request, bytes);
      if (status === undefined) continue;
      answered.push({ ...aboutOf(bytes), status });
      return status;
    }
    return 503;
  }

  const server = createServer((request, response) => {
    // Circle asks before any service may be up.
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    pass(request).then(
      (status) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    addService: (port) => void ports.push(port),
    answered,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Undefined: it is gone, or frozen. */
async function post(
  port: number,
  { headers }: IncomingMessage,
  body: Buffer,
): Promise<number | undefined> {
  const passed = HEADERS.map((name) => [name, String(headers[name] ?? "")] as const);
  try {
    const response = await fetch(`http://127.0.0.1:${port}${PATH}`, {
      method: "POST",
      headers: Object.fromEntries(passed),
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function aboutOf(bytes: Buffer): Omit<AnsweredHook, "status"> {
  const { notificationId, notification } = JSON.parse(bytes.toString()) as {
    notificationId: string;
    notification: { id?: string; state?: string };
  };
  return {
    notificationId,
    transactionId: notification.id ?? "",
    state: notification.state ?? "",
  };
}
