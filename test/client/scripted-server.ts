import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Reply = (response: ServerResponse, received: Received) => void;

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
}

/** A real HTTP server that answers its n-th request with the n-th reply, and each further one with the last. */
export async function scriptedServer(...replies: readonly Reply[]): Promise<ScriptedServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body };
      received.push(one);
      replies[Math.min(received.length, replies.length) - 1]?.(response, one);
    });
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An answer as the API gives it. */
export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(JSON.stringify(body));
  };
}

export function problem(
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const type = "application/problem+json; charset=utf-8";
  const retryable = status === 429 || status === 503;
  const body = {
    code,
    status,
    detail: `because of ${code}`,
    retryable,
    requestId: "r-1",
    errors: [],
  };
  return json(status, body, { "content-type": type, ...headers });
}

/** The request is read, and its connection ends without an answer. */
export const hangUp: Reply = (response) => {
  response.destroy();
};

/** The request is read and never answered. */
export const keepSilent: Reply = () => undefined;
