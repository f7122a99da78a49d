import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { FaultOf } from "../control/fault-spec.ts";
import type { Faults } from "../control/faults.ts";
import type { Settings } from "../control/settings.ts";
import { countAnswer, type Stats } from "../control/stats.ts";
import { readJson, writeJson } from "../http.ts";
import type { Random } from "../random.ts";
import { circleError, CircleError } from "./circle-error.ts";
import type { RateLimit } from "./rate-limit.ts";
import { findRoute, type ApiAnswer, type ApiRequest, type Route } from "./route.ts";
import { subjectOf } from "./signed-request.ts";

export interface ServeDeps {
  readonly routes: readonly Route[];
  readonly apiKey: string;
  readonly settings: Settings;
  readonly faults: Faults;
  readonly stats: Stats;
  readonly random: Random;
  readonly rateLimit: RateLimit;
  readonly signal: AbortSignal;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** How a request ends: with an answer, or with none because a fault cut it off. */
type Ending = { readonly status: number; readonly body: unknown } | "hung" | "reset" | "garbled";

/** Answers one request to the emulated API, faults included. */
export async function serveApi(deps: ServeDeps, exchange: Exchange, url: URL): Promise<void> {
  const { request } = exchange;
  const method = request.method ?? "GET";
  const found = findRoute(deps.routes, method, url.pathname);
  const endpoint = found === undefined ? "unknown" : `${method} ${found.route.template}`;
  const ending = await endingOf(deps, exchange, url, found);
  const answerMs = deps.random.between(deps.settings.latency.answerMs);
  if (typeof ending === "object") {
    await delay(answerMs, undefined, { signal: deps.signal });
    writeJson(exchange.response, ending.status, ending.body, throttleHeaders(deps, ending.status));
  }
  const { statusCode } = exchange.response;
  const isSilent = ending === "hung" || ending === "reset";
  countAnswer(deps.stats, endpoint, isSilent ? "none" : statusCode);
}

async function endingOf(
  deps: ServeDeps,
  exchange: Exchange,
  url: URL,
  found: ReturnType<typeof findRoute>,
): Promise<Ending> {
  try {
    const body = await readJson(exchange.request);
    if (found === undefined) throw new CircleError(404, -1, "Resource not found");
    const request: ApiRequest = {
      method: found.route.method,
      template: found.route.template,
      params: found.params,
      query: url.searchParams,
      body,
    };
    return await withFaults(deps, exchange, request, () =>
      admit(deps, exchange.request, found.route, request),
    );
  } catch (error) {
    const known = error instanceof CircleError;
    return errorEnding(deps, known ? error : new CircleError(500, -1, "Something went wrong."));
  }
}

/** Faults before the request takes effect, the request, and faults after it did. */
async function withFaults(
  deps: ServeDeps,
  exchange: Exchange,
  request: ApiRequest,
  carryOut: () => Promise<ApiAnswer>,
): Promise<Ending> {
  const { faults, signal } = deps;
  const subject = subjectOf(request);
  const late = faults.take("arriveLate", subject);
  if (late !== undefined) await delay(late.delayMs, undefined, { signal });
  const before = cutOff(deps, exchange, request, false);
  if (before !== undefined) return before;
  const refusal = faults.take("refuse", subject);
  if (refusal !== undefined) throw circleError(refusal.code);
  const { status, data } = await carryOut();
  const after = cutOff(deps, exchange, request, true);
  if (after !== undefined) return after;
  const answerLate = faults.take("answerLate", subject);
  if (answerLate !== undefined) await delay(answerLate.delayMs, undefined, { signal });
  return { status, body: data === undefined ? undefined : { data } };
}

/** The faults that leave a request without its proper answer. */
function cutOff(
  { faults }: ServeDeps,
  { request, response }: Exchange,
  apiRequest: ApiRequest,
  executed: boolean,
): Ending | undefined {
  const subject = subjectOf(apiRequest);
  const isDue = (fault: { readonly executed: boolean }) => fault.executed === executed;
  if (faults.take("loseAnswer", subject, isDue) !== undefined) {
    request.socket.resetAndDestroy();
    return "reset";
  }
  if (faults.take("hang", subject, isDue) !== undefined) return "hung";
  const answer = faults.take("answer", subject, isDue);
  if (answer === undefined) return undefined;
  garble(response, answer);
  return "garbled";
}

function garble(response: ServerResponse, fault: FaultOf<"answer">): void {
  const { status, body, retryAfterSeconds } = fault;
  const retryAfter =
    retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  if (body === "json") {
    return writeJson(response, status, { code: -1, message: "Something went wrong." }, retryAfter);
  }
  const html = `<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center></body></html>`;
  response.writeHead(status, { "content-type": "text/html", ...retryAfter });
  response.end(body === "html" ? html : undefined);
}

/** Authentication first, then the limit, then the endpoint itself. */
async function admit(
  deps: ServeDeps,
  message: IncomingMessage,
  route: Route,
  request: ApiRequest,
): Promise<ApiAnswer> {
  if (message.headers.authorization !== `Bearer ${deps.apiKey}`) throw circleError(401);
  if (!deps.rateLimit.take(route)) throw new CircleError(429, -1, "Too many requests.");
  return route.handle(request);
}

function throttleHeaders({ settings }: ServeDeps, status: number): Record<string, string> {
  const { retryAfterSeconds } = settings.rate;
  return status === 429 && retryAfterSeconds !== null
    ? { "retry-after": String(retryAfterSeconds) }
    : {};
}

function errorEnding({ settings }: ServeDeps, error: CircleError): Ending {
  const { status, code, message, errors } = error;
  if (status === 429 && settings.rate.body === "none") return { status, body: undefined };
  return { status, body: { code, message, ...(errors.length === 0 ? {} : { errors }) } };
}
