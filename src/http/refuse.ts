import { randomUUID } from "node:crypto";
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Metrics } from "../metrics/create-metrics.ts";
import { plainAnswer, type PlainDeps } from "./plain-answer.ts";
import { HttpProblem } from "./problems.ts";
import { requestIdOf } from "./request-id.ts";
import { OTHER } from "./watch-requests.ts";

/** The newest request of a connection. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface RefuseDeps extends PlainDeps {
  readonly metrics: Pick<Metrics, "httpRequests" | "httpProblems">;
}

/**
 * Answers what could not be read as a request, and ends the connection. Where an answer is under way there already, it
 * only ends: a second one would be taken for the first, which may say that a payment was accepted.
 */
export function refuse(
  deps: RefuseDeps,
  problem: HttpProblem,
  { socket, last }: { readonly socket: Duplex; readonly last: Exchange | undefined },
): void {
  if (!socket.writable) {
    socket.destroy();
  } else if (!last || (last.request.complete && last.response.writableFinished)) {
    deps.metrics.httpRequests.add({ ...OTHER, status: "4xx" });
    const { status, headers, body } = plainAnswer(deps, problem, randomUUID());
    const lines = Object.entries({ ...headers, connection: "close" }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
  } else if (!last.request.complete && !last.response.headersSent) {
    // Its head was sound: it has an id, and whoever took it counts it.
    const { status, headers, body } = plainAnswer(deps, problem, requestIdOf(last.request));
    last.response.writeHead(status, { ...headers, connection: "close" }).end(body);
  } else {
    socket.destroy();
  }
}

/** What Node's parser or its clock objects to, by its code. */
export function problemOfParser({ code }: NodeJS.ErrnoException): HttpProblem {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new HttpProblem("headers_too_large", "The headers are too large.");
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new HttpProblem("payload_too_large", "The chunks' extensions are too large.");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new HttpProblem("request_timeout", "The request was not there in time.", {
        headers: { "retry-after": "1" },
      });
    default:
      return new HttpProblem("invalid_request", "This is no HTTP request.");
  }
}
