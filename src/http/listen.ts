import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../log.ts";
import { HttpProblem } from "./problems.ts";
import { problemOfParser, refuse, type Exchange, type RefuseDeps } from "./refuse.ts";

export interface ListenLimits {
  /** A whole request must be there by then: whoever is slower holds a place that others need. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often the two are looked at. */
  readonly checkEveryMs: number;
  /** Of a connection on which nothing moves while a request is answered: one that takes nothing in. */
  readonly stillMs: number;
  /** Longer than load balancers keep theirs (60 s), so that none is closed under a request. */
  readonly keepAliveMs: number;
  /** Each holds a few kB; more are closed at once. */
  readonly connectionsMax: number;
  readonly headersMaxBytes: number;
}

const LIMITS: ListenLimits = {
  headersMs: 10_000,
  requestMs: 20_000,
  checkEveryMs: 1_000,
  stillMs: 60_000,
  keepAliveMs: 65_000,
  connectionsMax: 2_000,
  headersMaxBytes: 16_384,
};
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
  deps: RefuseDeps & { readonly log: Logger },
  place: { readonly host: string; readonly port: number; readonly limits?: Partial<ListenLimits> },
  first: RequestListener,
): Listening {
  const { log } = deps;
  const { host, port } = place;
  let current = first;
  const newest = new WeakMap<Duplex, Exchange>();
  const answer: RequestListener = (request, response) => {
    newest.set(request.socket, { request, response });
    current(request, response);
  };
  const server = createBoundedServer({ ...LIMITS, ...place.limits }, answer);
  const turnAway = (socket: Duplex, problem: HttpProblem) =>
    refuse(deps, problem, { socket, last: newest.get(socket) });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET") socket.destroy();
    else turnAway(socket, problemOfParser(error));
  });
  // Nobody listened for it, it would be cut without a word.
  server.on("connect", (_, socket) => {
    turnAway(socket, new HttpProblem("method_not_allowed", "This is no proxy."));
  });
  const closing = new AbortController();
  void keepTrying(server, { log, place: { host, port }, signal: closing.signal });
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

function createBoundedServer(limits: ListenLimits, answer: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      keepAliveTimeout: limits.keepAliveMs,
      maxHeaderSize: limits.headersMaxBytes,
      // Of two keys, types or hosts neither is believed: whatever stands before us may have read the other one.
      joinDuplicateHeaders: true,
      // The API says so itself, as a problem with an id.
      requireHostHeader: false,
    },
    answer,
  );
  server.timeout = limits.stillMs;
  server.maxConnections = limits.connectionsMax;
  // Whatever is expected but 100-continue is nothing to us.
  server.on("checkExpectation", answer);
  return server;
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
