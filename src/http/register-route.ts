import { performance } from "node:perf_hooks";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z, type ZodType } from "zod";
import type { ApiKey } from "../keys/find-key.ts";
import type { Admission } from "./admission.ts";
import type { ApiDeps } from "./api-deps.ts";
import { callerGone } from "./caller-gone.ts";
import { csvOf } from "./csv.ts";
import { invalidPart } from "./request-errors.ts";
import { HttpProblem, PROBLEMS, type ProblemPlace } from "./problems.ts";
import type { Call, Route, RouteSpec } from "./route.ts";

/** Of a route that takes no query: a parameter nobody reads is a mistake somebody should hear of. */
const NOTHING = z.strictObject({});

declare module "fastify" {
  interface FastifyRequest {
    apiKey: ApiKey | undefined;
    startedMs: number;
  }
}

export interface RegisterDeps {
  readonly api: ApiDeps;
  readonly admission: Admission;
  /** Aborts when the service is about to stop: whoever waits is answered. */
  readonly stopping: AbortSignal;
}

/** Makes a route of this server from its one description: who may, what it takes, what it answers. */
export function registerRoute(app: FastifyInstance, deps: RegisterDeps, route: Route): void {
  const { spec } = route;
  app.route({
    method: spec.method,
    url: spec.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    exposeHeadRoute: spec.method === "GET" && !spec.isStream,
    ...(spec.bodyLimit !== undefined && { bodyLimit: spec.bodyLimit }),
    onRequest: async (request, reply) => {
      request.startedMs = performance.now();
      request.apiKey = await deps.admission.admit(spec.access, request, reply);
    },
    handler: async (request, reply) => {
      const call = readCall(spec, deps, { request, gone: callerGone(reply.raw) });
      const {
        status,
        body,
        headers = {},
      } = await route.handle(call).catch((error: unknown) => {
        // Who cannot sign pays as whoever has no key: guessing is slow.
        if (spec.access === "signed" && isRefused(error)) deps.admission.chargeFailure(request);
        throw error;
      });
      reply.status(status).headers(headers);
      return send(spec, reply, { status, body, accept: request.headers.accept });
    },
  });
}

function isRefused(error: unknown): boolean {
  return error instanceof HttpProblem && PROBLEMS[error.code].status === 401;
}

function readCall(
  spec: RouteSpec,
  deps: RegisterDeps,
  { request, gone }: { readonly request: FastifyRequest; readonly gone: AbortSignal },
): Call<RouteSpec> {
  const read = (part: ProblemPlace["in"], schema: ZodType | undefined, value: unknown) => {
    if (!schema) return undefined;
    const { success, data, error } = schema.safeParse(value);
    if (!success) throw invalidPart(part, error);
    return data as never;
  };
  const isSigned = spec.access === "signed";
  return {
    deps: deps.api,
    key: request.apiKey as never,
    params: read("path", spec.params, request.params),
    query: read("query", spec.query ?? NOTHING, request.query),
    headers: read("header", spec.headers, spec.headers && headersOf(spec.headers, request)),
    // A signature is over bytes: who checks it reads them afterwards.
    body: isSigned ? undefined : read("body", spec.body, request.body ?? undefined),
    request: {
      id: request.id,
      ip: request.ip,
      rawBody: isSigned && Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      rawHeaders: request.headers,
      signal: AbortSignal.any([gone, deps.stopping]),
    },
  };
}

/** Those that the route names, under the names that it gives them: their case is nobody's business. */
function headersOf(schema: z.ZodObject, { headers }: FastifyRequest): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, headers[name.toLowerCase()]]),
  );
}

function send(
  spec: RouteSpec,
  reply: FastifyReply,
  { status, body, accept }: { status: number; body: unknown; accept: string | undefined },
): FastifyReply {
  const answer = spec.answers[status];
  if (!answer?.body) return reply.send();
  if (answer.csv && accept?.includes("text/csv")) {
    const { data, nextCursor } = body as {
      data: Record<string, unknown>[];
      nextCursor: string | null;
    };
    if (nextCursor !== null) reply.header("next-cursor", nextCursor);
    return reply.type("text/csv; charset=utf-8").send(csvOf(data));
  }
  if (answer.mediaType !== undefined) return reply.type(answer.mediaType).send(body);
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
}
