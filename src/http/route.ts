import type { z } from "zod";
import type { ApiKey } from "../keys/find-key.ts";
import type { Scope } from "../keys/scopes.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { ProblemCode } from "./problems.ts";

/**
 * A route is one value: what it takes, answers and refuses, as zod schemas, and the function that does it. Validation,
 * types and the OpenAPI document all come from it. A new one is a file in `routes/` and a line in `all-routes.ts`.
 */
export interface RouteSpec {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As OpenAPI writes it: `/v1/payments/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  /** More for whoever reads the documentation, in Markdown. */
  readonly description?: string;
  readonly access: Access;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodObject | z.ZodDiscriminatedUnion;
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** Beyond those that every route of its kind can meet. */
  readonly problems: readonly ProblemCode[];
  /** In bytes, where less than HTTP_BODY_LIMIT_BYTES will do. */
  readonly bodyLimit?: number;
  /** Whether its answer goes on until somebody ends it: then nobody may ask for its head alone. */
  readonly isStream?: boolean;
  /** Left out of the OpenAPI document. */
  readonly isHidden?: boolean;
}

export type Tag = "Payments" | "Directory" | "Workers" | "Webhooks" | "Operating" | "Service";

export type Access =
  /** A key with this scope; `allPlatforms`: one that is bound to no platform. */
  | { readonly scope: Scope; readonly allPlatforms?: boolean }
  /** Anybody, within the limit per address. */
  | "open"
  /** Anybody, as often as they like: whoever looks whether the service lives. */
  | "probe"
  /** Whoever can sign the body: the handler gets its bytes and looks. */
  | "signed";

interface AnswerSpec {
  readonly description: string;
  /** Null: nothing is in it. */
  readonly body: z.ZodType | null;
  /** Name and what it says. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether its `data` can be had as `text/csv` too. */
  readonly csv?: boolean;
  /** Of a body that is text already; JSON unless given. */
  readonly mediaType?: string;
}

type OutputOf<T> = T extends z.ZodType ? z.output<T> : undefined;

/** One request, checked. */
export interface Call<S extends RouteSpec> {
  readonly deps: ApiDeps;
  /** Undefined where none is asked for. */
  readonly key: S["access"] extends string ? undefined : ApiKey;
  readonly params: OutputOf<S["params"]>;
  readonly query: OutputOf<S["query"]>;
  readonly headers: OutputOf<S["headers"]>;
  readonly body: OutputOf<S["body"]>;
  readonly request: {
    readonly id: string;
    /** The caller's address, by the word of trusted proxies only. */
    readonly ip: string;
    /** Of a signed route: the bytes that were signed. */
    readonly rawBody: Buffer;
    readonly rawHeaders: Readonly<Record<string, string | string[] | undefined>>;
    /** Aborts when the caller has gone, or the service is about to. */
    readonly signal: AbortSignal;
  };
}

/** What a handler may hand over is read and never changed. */
type DeepReadonly<T> = T extends readonly (infer I)[]
  ? readonly DeepReadonly<I>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

type BodyOf<A> = A extends { readonly body: z.ZodType } ? DeepReadonly<z.output<A["body"]>> : null;

/** One of the answers that the route says it has. */
export type Answer<S extends RouteSpec> = {
  [K in keyof S["answers"] & number]: {
    readonly status: K;
    readonly body: BodyOf<S["answers"][K]>;
    readonly headers?: Readonly<Record<string, string>>;
  };
}[keyof S["answers"] & number];

export interface Route {
  readonly spec: RouteSpec;
  readonly handle: (call: Call<RouteSpec>) => Promise<{
    readonly status: number;
    readonly body: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  }>;
}

/** Called with the description, and then with the function: so the types of the second are known from the first. */
export function defineRoute<const S extends RouteSpec>(
  spec: S,
): (handle: (call: Call<S>) => Promise<Answer<S>>) => Route {
  // Whoever registers it has checked each part by the spec's own schema.
  return (handle) => ({ spec, handle });
}
