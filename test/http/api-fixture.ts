import { pino } from "pino";
import { createAdmission } from "../../src/http/admission.ts";
import type { ApiDeps } from "../../src/http/api-deps.ts";
import { createApi } from "../../src/http/create-api.ts";
import { openApiDocument } from "../../src/http/openapi/document.ts";
import type { Route } from "../../src/http/route.ts";
import { ALL_ROUTES } from "../../src/http/routes/all-routes.ts";
import { createTokenBuckets, type BucketSettings } from "../../src/http/token-buckets.ts";
import type { ApiKey } from "../../src/keys/find-key.ts";
import { SCOPES, type Scope } from "../../src/keys/scopes.ts";
import type { Metrics } from "../../src/metrics/create-metrics.ts";
import { unobserved } from "../support/unobserved.ts";

export const PUBLIC_URL = "https://pay.example.org";

export interface FixtureOptions {
  readonly deps?: Partial<ApiDeps>;
  readonly routes?: readonly Route[];
  readonly limits?: Pick<BucketSettings, "perSecond" | "burst">;
  readonly bodyLimitBytes?: number;
  readonly findKey?: (token: string) => Promise<ApiKey | undefined>;
  readonly onLog?: (line: Readonly<Record<string, unknown>>) => void;
  readonly stopping?: AbortSignal;
  readonly metrics?: Metrics;
}

/** A key that may do everything, unless told. */
export function keyOf(
  change: { scopes?: readonly Scope[]; platformId?: string | null } = {},
): ApiKey {
  const { scopes = SCOPES, platformId = null } = change;
  return { id: "0123456789abcdef", name: "test", platformId, scopes: new Set(scopes) };
}

/** The API without a port; what a route asks of the service must be given. Any token opens it, unless told. */
export function apiOver(options: FixtureOptions = {}) {
  const limits = options.limits ?? { perSecond: 1_000, burst: 1_000 };
  const notThere = () => Promise.reject(new Error("not part of this test"));
  const api = {
    accept: notThere,
    outcomes: { ended: async () => undefined, run: async () => undefined },
    explorerUrl: null,
    publicUrl: PUBLIC_URL,
    openApi: () => openApiDocument(ALL_ROUTES, PUBLIC_URL),
    readiness: notThere,
    ...options.deps,
  } as unknown as ApiDeps;
  const log = pino(
    { level: options.onLog ? "debug" : "silent" },
    { write: (line: string) => options.onLog?.(JSON.parse(line) as Record<string, unknown>) },
  );
  const admission = createAdmission({
    findKey: options.findKey ?? (async () => keyOf()),
    noteUse: () => undefined,
    limits,
    keyBuckets: createTokenBuckets(limits),
    addressBuckets: createTokenBuckets(limits),
  });
  return createApi(
    {
      api,
      admission,
      log,
      metrics: options.metrics ?? unobserved,
      stopping: options.stopping ?? new AbortController().signal,
    },
    { bodyLimitBytes: options.bodyLimitBytes ?? 1_048_576, trustedProxies: [] },
    options.routes ?? ALL_ROUTES,
  );
}

export const BEARER = { authorization: "Bearer gsp_any" };
