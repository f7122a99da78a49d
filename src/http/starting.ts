import type { IncomingMessage, RequestListener } from "node:http";
import { HTTP_STATUSES } from "../metrics/catalogue/labels.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import { plainAnswer, type PlainDeps } from "./plain-answer.ts";
import { HttpProblem } from "./problems.ts";
import { requestIdOf } from "./request-id.ts";
import { OTHER } from "./watch-requests.ts";

/** What is asked for while a service starts, by whoever looks whether it lives: no caller was turned away by that. */
const PROBES = ["/livez", "/readyz"];

interface StartingDeps extends PlainDeps {
  readonly metrics: Pick<Metrics, "httpRequests" | "httpProblems">;
}

/** Answers while the parts behind the API are not there yet: alive, not ready, and nothing was accepted. */
export function answerStarting(deps: StartingDeps): RequestListener {
  const { httpRequests } = deps.metrics;
  // A counter that is born at 1 has not increased.
  for (const status of HTTP_STATUSES) httpRequests.add({ ...OTHER, status }, 0);
  return (request, response) => {
    const requestId = requestIdOf(request);
    if (request.url === "/livez") {
      httpRequests.add({ ...nameOf(request), status: "2xx" });
      const headers = { "content-type": "application/json", "x-request-id": requestId };
      response.writeHead(200, headers).end('{"status":"ok"}');
      return;
    }
    httpRequests.add({ ...nameOf(request), status: "5xx" });
    const problem = new HttpProblem(
      "overloaded",
      "The service is starting: it waits for its database, Kafka, the chain or Circle.",
      { headers: { "retry-after": "1" } },
    );
    const { status, headers, body } = plainAnswer(deps, problem, requestId);
    response.writeHead(status, headers).end(body);
  };
}

function nameOf({ method, url = "" }: IncomingMessage): typeof OTHER {
  return method === "GET" && PROBES.includes(url) ? { method, route: url } : OTHER;
}
