import { gigpay } from "./gigpay.ts";
import type { RunningService } from "./running-service.ts";
import type { World } from "./world.ts";

type Json = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
  readonly text: string;
}

/** Whoever calls the API with one key. */
export interface ApiClient {
  readonly url: string;
  /** Sent with each request: the key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly call: (
    method: string,
    path: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
}

/** Where a service's API is found, once it says so. */
export async function apiUrlOf(service: RunningService): Promise<string> {
  const { port } = await service.log.next(
    "the API's port",
    ({ msg }) => msg === "the API is served",
  );
  return `http://127.0.0.1:${Number(port)}`;
}

/** A client with a key of its own, minted as an operator mints it. */
export async function connectApi(
  world: World,
  url: string,
  key: { readonly name: string; readonly scopes: string; readonly platform?: string },
): Promise<ApiClient> {
  const { name, scopes, platform } = key;
  const bound = platform === undefined ? [] : ["--platform", platform];
  const args = ["keys", "create", "--name", name, "--scopes", scopes, ...bound];
  const { code, stdout, stderr } = await gigpay(world.settings, args);
  if (code !== 0) throw new Error(stderr);
  return clientWith(url, { authorization: `Bearer ${stdout.trim()}` });
}

export function clientWith(url: string, always: Readonly<Record<string, string>>): ApiClient {
  return {
    url,
    headers: always,
    async call(method, path, body, headers = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...always,
          ...(body && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json") ?? false;
      const json = isJson && text !== "" ? (JSON.parse(text) as Json) : {};
      return { status: response.status, headers: response.headers, body: json, text };
    },
  };
}
