import { STATUS_CODES } from "node:http";
import { z } from "zod";
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from "zod-openapi";
import { PROBLEMS, type ProblemCode } from "../problems.ts";
import type { Route, RouteSpec } from "../route.ts";
import { bulkItem } from "../schemas/bulk.ts";
import { liveEvent } from "../schemas/live.ts";
import { problem } from "../schemas/problem.ts";

const DESCRIPTION = `Pays gig workers in USDC on Arc, each task exactly once, usually within three seconds.

Amounts are decimal strings, times RFC 3339 in UTC. What does not apply is \`null\`, never absent. Unknown names in a body or
query are refused. Every answer carries \`X-Request-Id\`. What goes wrong is \`application/problem+json\` (RFC 9457) with a
\`code\` from a closed set.`;

const TAGS = [
  { name: "Payments", description: "Pay completed tasks and see what became of them" },
  {
    name: "Directory",
    description: "Platforms, workers and tasks: what an event is checked against",
  },
  { name: "Workers", description: "What a worker was paid" },
  { name: "Webhooks", description: "Be told how payments ended: docs/webhooks.md" },
  {
    name: "Operating",
    description: "What needs a person; each act with its reason in the audit log",
  },
  { name: "Service", description: "Probes and explanations" },
] as const;

/** The whole API as OpenAPI 3.1, made from the same values that validate requests. */
export function openApiDocument(routes: readonly Route[], publicUrl: string) {
  const shown = routes.filter(({ spec }) => !spec.isHidden);
  const paths: ZodOpenApiPathsObject = {};
  for (const { spec } of shown) {
    const method = spec.method.toLowerCase() as "get";
    paths[spec.path] = { ...paths[spec.path], [method]: operationOf(spec) };
  }
  const used = new Set<string>(shown.map(({ spec }) => spec.tag));
  const document = createDocument(
    {
      openapi: "3.1.1",
      info: {
        title: "GigStream Payments",
        version: "1",
        description: DESCRIPTION,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: publicUrl === "" ? "/" : publicUrl }],
      tags: TAGS.filter(({ name }) => used.has(name)),
      security: [],
      paths,
      components: {
        // Read or sent one by one, so no body names them.
        schemas: { BulkItem: bulkItem, LiveEvent: liveEvent },
        securitySchemes: {
          apiKey: {
            type: "http",
            scheme: "bearer",
            bearerFormat: "gsp_…",
            description: "An API key, minted by `gigpay keys create`",
          },
        },
      },
    },
    {
      // An answer may get new members; a request may not have unknown ones.
      override: ({ jsonSchema, io }) => {
        if (io !== "output") return;
        // What refers to a component has a copy of it beside the reference, and is met here only as a member.
        for (const schema of [jsonSchema, ...Object.values(jsonSchema.properties ?? {})]) {
          if (typeof schema === "object" && schema.additionalProperties === false) {
            delete schema.additionalProperties;
          }
        }
      },
    },
  );
  // BulkItem is named by no body, so it is made as an answer too, and this part of it is then nobody's.
  delete document.components?.schemas?.["AmountInOutput"];
  return document;
}

function operationOf(spec: RouteSpec): ZodOpenApiOperationObject {
  const { access, params, query, headers, body } = spec;
  return {
    operationId: spec.operationId,
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.description !== undefined && { description: spec.description + scopeNote(spec) }),
    ...(spec.description === undefined && { description: scopeNote(spec).trim() }),
    security: typeof access === "string" ? [] : [{ apiKey: [] }],
    requestParams: {
      ...(params && { path: params }),
      ...(query && { query }),
      ...(headers && { header: headers }),
    },
    ...(body && {
      requestBody: { required: true, content: { "application/json": { schema: body } } },
    }),
    responses: { ...answersOf(spec), ...problemsOf(spec) },
  };
}

function scopeNote({ access }: RouteSpec): string {
  if (typeof access === "string") return "";
  const all = access.allPlatforms ? ", and be for all platforms" : "";
  return `\n\nThe key must have the scope \`${access.scope}\`${all}.`;
}

function answersOf({ answers }: RouteSpec) {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, body, headers, csv, mediaType }]) => {
      const type = mediaType?.split(";")[0] ?? "application/json";
      return [
        status,
        {
          description,
          ...(headers && { headers: headersOf(headers) }),
          ...(body && {
            content: {
              [type]: { schema: body },
              ...(csv && { "text/csv": { schema: z.string() } }),
            },
          }),
        },
      ];
    }),
  );
}

function headersOf(headers: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: { type: "string" as const } },
    ]),
  );
}

const RETRY_AFTER = { "Retry-After": "In how many seconds the same request is worth making again" };
/** What a problem of that status says beside its body. */
const PROBLEM_HEADERS: Readonly<Partial<Record<number, Readonly<Record<string, string>>>>> = {
  401: { "WWW-Authenticate": "How to show who is asking" },
  429: {
    ...RETRY_AFTER,
    RateLimit:
      "What is left of the requests of this key or address, and in how many seconds more are",
    "RateLimit-Policy": "How many requests are allowed, and in how many seconds",
  },
  503: RETRY_AFTER,
};

/** Every problem that the route can answer, by status, with its codes. */
function problemsOf(spec: RouteSpec) {
  const byStatus = Map.groupBy(codesOf(spec), (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in spec.answers))
      .sort(([one], [other]) => one - other)
      .map(([status, codes]) => [
        `${status}`,
        {
          description: `${STATUS_CODES[status]}: ${codes.map((code) => `\`${code}\``).join(", ")}`,
          ...(PROBLEM_HEADERS[status] && { headers: headersOf(PROBLEM_HEADERS[status]) }),
          content: { "application/problem+json": { schema: problem } },
        },
      ]),
  );
}

function codesOf({ access, body, problems }: RouteSpec): readonly ProblemCode[] {
  const keyed: readonly ProblemCode[] =
    typeof access === "string" ? [] : ["unauthenticated", "insufficient_scope"];
  const ofBodies: readonly ProblemCode[] = body ? ["payload_too_large"] : [];
  const always = ["invalid_request", "unsupported_media_type", "internal"] as const;
  if (access === "probe") return always;
  const ofOthers = ["rate_limited", "overloaded", "database_unavailable"] as const;
  return [...new Set([...always, ...keyed, ...problems, ...ofBodies, ...ofOthers])];
}
