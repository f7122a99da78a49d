/** A request that was authenticated and read. */
export interface ApiRequest {
  readonly method: string;
  /** The route's template, which names the endpoint in idempotency and statistics. */
  readonly template: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  /** Written as `{data}`; undefined writes no body. */
  readonly data?: unknown;
}

/** One endpoint. Its handler throws a CircleError for any answer that is not a success. */
export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** A path with `:name` where a value stands. */
  readonly template: string;
  /** Among the endpoints that Circle allows twice the calls. */
  readonly fast?: boolean;
  readonly handle: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>;
}

export interface RouteFound {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the endpoint of a request; where two templates fit, the one listed first. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): RouteFound | undefined {
  const parts = path.split("/");
  for (const route of routes) {
    const params = route.method === method ? paramsOf(route.template.split("/"), parts) : undefined;
    if (params !== undefined) return { route, params };
  }
  return undefined;
}

function paramsOf(
  template: readonly string[],
  parts: readonly string[],
): Record<string, string> | undefined {
  if (template.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, name] of template.entries()) {
    const part = parts[index] ?? "";
    if (name.startsWith(":")) params[name.slice(1)] = decodeURIComponent(part);
    else if (name !== part) return undefined;
  }
  return params;
}
