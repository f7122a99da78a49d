import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "../log.ts";
import type { Exposition } from "../metrics/create-metrics.ts";

/** Prometheus comes on its own; anybody slower than this is no scraper. */
const REQUEST_TIMEOUT_MS = 5_000;

export interface MetricsDeps {
  readonly log: Logger;
  readonly render: (accept?: string) => Promise<Exposition>;
}

/**
 * Serves `GET /metrics` on this port (0: any free one, which the log names) until the signal aborts. A port that cannot
 * be had is one error in the log and nothing else: payments go on without their metrics. Never throws.
 */
export function serveMetrics(deps: MetricsDeps, port: number, signal: AbortSignal): void {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, answerWith(deps));
  server.on("error", (error) => {
    deps.log.error({ err: error, port }, "no metrics: METRICS_PORT cannot be served");
  });
  server.on("listening", () => {
    deps.log.info({ port: (server.address() as AddressInfo).port }, "metrics are served");
  });
  server.listen(port);
  // A service that has nothing left to do ends, scraped or not.
  server.unref();
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
}

function answerWith({ log, render }: MetricsDeps): RequestListener {
  return ({ url, method, headers }, response) => {
    if (url?.split("?")[0] !== "/metrics" || (method !== "GET" && method !== "HEAD")) {
      response.writeHead(404, { "content-type": "text/plain" }).end("only GET /metrics\n");
      return;
    }
    render(headers.accept).then(
      ({ contentType, text }) => {
        response.writeHead(200, { "content-type": contentType }).end(text);
      },
      (error: unknown) => {
        log.error({ err: error }, "the metrics cannot be shown");
        response.writeHead(500).end();
      },
    );
  };
}
