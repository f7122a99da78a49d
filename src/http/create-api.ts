import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import { answerProblem } from "./answer-problem.ts";
import { serveDocs } from "./docs.ts";
import { parseJson } from "./parse-json.ts";
import { HttpProblem, notFound } from "./problems.ts";
import { requestIdOf } from "./request-id.ts";
import { registerRoute, type RegisterDeps } from "./register-route.ts";
import type { Route, RouteSpec } from "./route.ts";
import { watchRequests } from "./watch-requests.ts";

export interface ApiSettings {
  readonly bodyLimitBytes: number;
  /** Whose X-Forwarded-For is believed: addresses and networks (CIDR). */
  readonly trustedProxies: readonly string[];
}

/** Longer than any id, with every character percent-encoded. */
const PARAMETER_LENGTH_MAX = 3 * 128;

type ApiMetrics = Pick<Metrics, "httpRequests" | "httpDuration" | "httpInFlight" | "httpProblems">;

/** The API as one Fastify server that listens to nothing: whoever listens hands requests to its `routing`. */
export async function createApi(
  deps: RegisterDeps & { readonly log: Logger; readonly metrics: ApiMetrics },
  settings: ApiSettings,
  routes: readonly Route[],
): Promise<FastifyInstance> {
  const { publicUrl } = deps.api;
  const app = fastify({
    logger: false,
    bodyLimit: settings.bodyLimitBytes,
    trustProxy: settings.trustedProxies.length > 0 ? [...settings.trustedProxies] : false,
    genReqId: requestIdOf,
    requestIdHeader: false,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    exposeHeadRoutes: false,
    frameworkErrors: (error, request, reply) => void answer(error, request, reply),
  });
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    answerProblem({ ...deps, publicUrl }, error, { request, reply });
  app.decorateRequest("apiKey", undefined);
  app.decorateRequest("startedMs", 0);
  app.setErrorHandler(answer);
  app.setNotFoundHandler((request, reply) => answer(notFound("path"), request, reply));
  watchRequests(app, deps.metrics, routes);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "x-request-id": request.id,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    assertOneHost(request);
    // A compressed body is a small one that becomes large: nobody needs it for a megabyte.
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      throw new HttpProblem("unsupported_media_type", "Send the body without a Content-Encoding.");
    }
  });
  readJsonOnly(app);
  const signed = routes.filter(({ spec }) => spec.access === "signed");
  for (const route of routes) if (!signed.includes(route)) registerRoute(app, deps, route);
  await app.register(async (scope) => {
    // Whoever checks a signature reads the bytes.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      "application/json",
      { parseAs: "buffer" },
      async (_: unknown, bytes: Buffer) => bytes,
    );
    for (const route of signed) registerRoute(scope, deps, route);
  });
  refuseOtherMethods(app, routes);
  await serveDocs(app, deps.api.openApi(), (request, reply) =>
    deps.admission.admit("open", request, reply),
  );
  await app.ready();
  return app;
}

/** HTTP/1.1 has exactly one; of several the server has made a list. */
function assertOneHost({ headers: { host }, raw }: FastifyRequest): void {
  if (raw.httpVersion === "1.0" || (host !== undefined && !host.includes(","))) return;
  throw new HttpProblem("invalid_request", "Send exactly one Host header.");
}

function readJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "buffer" },
    async ({ headers }: FastifyRequest, bytes: Buffer) => {
      const charset = /;\s*charset\s*=\s*"?([^";]+)/i.exec(headers["content-type"] ?? "")?.[1];
      if (charset !== undefined && !/^utf-?8$/i.test(charset.trim())) {
        throw new HttpProblem("unsupported_media_type", "Send JSON in UTF-8.");
      }
      return parseJson(bytes);
    },
  );
}

/**
 * A path that exists is not "not found" because of its method. A thing may be named as a route is: of a worker "bulk" what
 * `{id}` takes is taken, but for what `/bulk` itself does.
 */
function refuseOtherMethods(app: FastifyInstance, routes: readonly Route[]): void {
  const byPath = Map.groupBy(routes, ({ spec }) => spec.path);
  for (const [path, there] of byPath) {
    const named = routes.filter(({ spec }) => isNameIn(spec, path));
    const allowed = new Set([...there, ...named].flatMap(({ spec }) => methodsOf(spec)));
    const allow = [...allowed].join(", ");
    const method = app.supportedMethods.filter((name) => !allowed.has(name));
    if (method.length === 0) continue;
    app.route({
      method,
      url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
      onRequest: async () => {
        throw new HttpProblem("method_not_allowed", `Only ${allow} here.`, { headers: { allow } });
      },
      handler: () => undefined,
    });
  }
}

function methodsOf({ method, isStream }: RouteSpec): string[] {
  return method === "GET" && !isStream ? [method, "HEAD"] : [method];
}

/** Whether this path is what a route with a parameter would take, if none were just so called. */
function isNameIn({ path: template, params }: RouteSpec, path: string): boolean {
  const names = template.split("/");
  const parts = path.split("/");
  if (template === path || path.includes("{") || names.length !== parts.length) return false;
  const given: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const part = parts[index] ?? "";
    if (name.startsWith("{")) given[name.slice(1, -1)] = part;
    else if (name !== part) return false;
  }
  return params?.safeParse(given).success ?? false;
}
