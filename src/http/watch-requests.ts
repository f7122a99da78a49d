import { performance } from "node:perf_hooks";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { HTTP_STATUSES } from "../metrics/catalogue/labels.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import type { Route } from "./route.ts";

/** What is not one of the routes: unknown paths, refused methods, the documentation's assets. */
export const OTHER = { method: "other", route: "other" };

/** Counts and times every request by its route's pattern: never by its path, which anybody may make up. */
export function watchRequests(
  app: FastifyInstance,
  metrics: Pick<Metrics, "httpRequests" | "httpDuration" | "httpInFlight">,
  routes: readonly Route[],
): void {
  const own = routes.map(({ spec: { method, path } }) => ({ method, route: path }));
  const known = new Set(own.map(({ method, route }) => `${method} ${route}`));
  // A counter that is born at 1 has not increased: the first error would alert nobody.
  for (const name of [...own, OTHER]) {
    for (const status of HTTP_STATUSES) metrics.httpRequests.add({ ...name, status }, 0);
  }
  let inFlight = 0;

  function nameOf({ method, routeOptions }: FastifyRequest): typeof OTHER {
    const route = (routeOptions.url ?? "").replaceAll(/:(\w+)/g, "{$1}");
    // A HEAD that has no route of its own is a GET without its body.
    const asked = method === "HEAD" && !known.has(`HEAD ${route}`) ? "GET" : method;
    return known.has(`${asked} ${route}`) ? { method: asked, route } : OTHER;
  }

  app.addHook("onRequest", async (request, reply) => {
    const startedMs = performance.now();
    metrics.httpInFlight.set({}, (inFlight += 1));
    // "finish" never comes for a caller who has left.
    reply.raw.once("close", () => {
      metrics.httpInFlight.set({}, (inFlight -= 1));
      const name = nameOf(request);
      const isGone = !reply.raw.writableFinished;
      metrics.httpRequests.add({ ...name, status: isGone ? "gone" : statusOf(reply) });
      if (isGone || isLongByWish(request, reply)) return;
      metrics.httpDuration.observe(name, (performance.now() - startedMs) / 1_000);
    });
  });
}

function statusOf({ raw }: FastifyReply): (typeof HTTP_STATUSES)[number] {
  if (raw.statusCode >= 500) return "5xx";
  // No route of ours answers with a redirect.
  return raw.statusCode >= 400 ? "4xx" : "2xx";
}

/** Who asked to wait, or listens to a stream, is no measure of how fast we are. */
function isLongByWish({ headers }: FastifyRequest, { raw }: FastifyReply): boolean {
  const type = raw.getHeader("content-type");
  return headers["prefer"] !== undefined || String(type).startsWith("text/event-stream");
}
