import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onFreePort } from "../../process/free-port.ts";
import type { Frame } from "../board/frame.ts";
import { createLiveEvents, type LiveEvents } from "./live-events.ts";
import { readStaticFiles } from "./static-files.ts";

const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;
const REQUEST_TIMEOUT_MS = 5_000;
/** For the last frame to be read. */
const FAREWELL_MS = 1_000;

/** Disposing of it sends everybody the last frame and closes. */
export interface Page extends AsyncDisposable {
  readonly url: string;
}

export interface PageDeps {
  readonly frame: () => Frame;
  /** A key of the page was pressed; answers whether it means anything. */
  readonly onKey: (key: string) => boolean;
}

/** Serves the live page on a free port of 127.0.0.1. */
export async function servePage(deps: PageDeps): Promise<Page> {
  const events = createLiveEvents(deps.frame);
  const files = readStaticFiles();
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) =>
    answer({ ...deps, events, files }, request, response),
  );
  const port = await onFreePort(async (port) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return port;
  });
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      events.end();
      const closed = once(server, "close");
      server.close();
      const timer = setTimeout(() => server.closeAllConnections(), FAREWELL_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

interface Serving extends PageDeps {
  readonly events: LiveEvents;
  readonly files: ReturnType<typeof readStaticFiles>;
}

function answer(serving: Serving, request: IncomingMessage, response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const { method = "GET", url = "/" } = request;
  const path = url.split("?", 1)[0] ?? "/";
  const refuse = (status: number) => void response.writeHead(status).end();
  // A foreign name that was made to mean 127.0.0.1 stays outside.
  if (!isOwnHost(request)) return refuse(421);
  if (method === "POST") {
    if (!isOwnPage(request)) return refuse(403);
    const [, key] = /^\/keys\/([a-z])$/.exec(path) ?? [];
    return refuse(key !== undefined && serving.onKey(key) ? 204 : 404);
  }
  if (method !== "GET" && method !== "HEAD") return refuse(405);
  if (path === "/events" && method === "GET") {
    if (!serving.events.join(response)) refuse(503);
    return;
  }
  const file = serving.files.get(path);
  if (!file) return refuse(404);
  response.writeHead(200, { "content-type": file.type, "cache-control": "no-store" });
  response.end(file.body);
}

function isOwnHost({ headers, socket }: IncomingMessage): boolean {
  const port = socket.localPort;
  return headers.host === `127.0.0.1:${port}` || headers.host === `localhost:${port}`;
}

/** Another site's page could send a POST here, but not with our origin. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  return headers.origin === `http://${headers.host}`;
}
