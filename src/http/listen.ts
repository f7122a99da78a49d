import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../log.ts";

/** A whole request must be there by then: whoever is slower holds a place that others need. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
const CHECK_EVERY_MS = 1_000;
/** Longer than load balancers keep theirs (60 s), so that none is closed under a request. */
const KEEP_ALIVE_MS = 65_000;
/** Each holds a few kB; more are closed at once. */
const CONNECTIONS_MAX = 2_000;
const HEADERS_MAX_BYTES = 16_384;
const LISTEN_AGAIN_MS = 500;

export interface Listening {
  /** From now on requests go there. */
  use(listener: RequestListener): void;
  /** Takes no new connection, lets what is under way end within this time, then cuts. */
  close(timeoutMs: number): Promise<void>;
}

/**
 * Listens from the start of the process on, whatever answers behind it by then. A port that cannot be had is one error in
 * the log and is tried again: payments from Kafka go on without the API, and a probe of the port says what is wrong.
 */
export function listen(
  deps: { readonly log: Logger },
  place: { readonly host: string; readonly port: number },
  first: RequestListener,
): Listening {
  const { log } = deps;
  let current = first;
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADERS_MAX_BYTES,
    },
    (request, response) => current(request, response),
  );
  server.maxConnections = CONNECTIONS_MAX;

  server.on("clientError", refuse);
  const closing = new AbortController();
  void keepTrying(server, { log, place, signal: closing.signal });
  return {
    use(listener) {
      current = listener;
    },
    async close(timeoutMs) {
      closing.abort();
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      // Where it never listened there is nothing to wait for.
      server.close(() => resolve());
      const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

async function keepTrying(
  server: Server,
  {
    log,
    place,
    signal,
  }: { log: Logger; place: { readonly host: string; readonly port: number }; signal: AbortSignal },
): Promise<void> {
  for (let said = false; !signal.aborted;) {
    try {
      server.listen(place);
      await once(server, "listening", { signal });
      // What comes later is no reason to end the process.
      server.on("error", (error) => log.error({ err: error }, "the HTTP server met an error"));
      log.info({ port: (server.address() as AddressInfo).port }, "the API is served");
      return;
    } catch (error) {
      if (!said && !signal.aborted) {
        log.error({ err: error, ...place }, "no API: HTTP_PORT cannot be served; trying again");
      }
      said = true;
    }
    await delay(LISTEN_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** What is no request has no id and no route: it is answered as briefly as it can be, and cut. */
const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = STATUS[error.code ?? ""] ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
