import type { ApiDeps } from "../../src/http/api-deps.ts";
import type { Database } from "../../src/database/pool.ts";
import { PaymentError } from "../../src/errors.ts";
import { SCOPES } from "../../src/keys/scopes.ts";
import type { ReviewDeps } from "../../src/operating/review-deps.ts";
import { createWake } from "../../src/wake.ts";
import { freshDatabase } from "../support/database.ts";
import { addressOf, insertPlatform, insertWorker } from "../support/seed.ts";
import { unobserved } from "../support/unobserved.ts";
import { apiOverDatabase, type DatabaseApi } from "./database-api.ts";

type Headers = Readonly<Record<string, string>>;

/** A served API with a platform and a worker; its chain knows of no transaction and does not say where it is. */
export interface ProblemWorld extends AsyncDisposable {
  readonly pool: Database;
  readonly api: DatabaseApi;
  /** With a key for everything, unless told. */
  readonly ask: (
    method: string,
    path: string,
    body?: object,
    headers?: Headers,
  ) => Promise<Response>;
  readonly failNextWith: (error: Error) => void;
}

export async function problemWorld(
  more: (pool: Database) => Partial<ApiDeps> = () => ({}),
): Promise<ProblemWorld> {
  const running = new AsyncDisposableStack();
  const database = running.use(await freshDatabase());
  const { pool } = database;
  let fault: Error | undefined;
  const api = running.use(
    await apiOverDatabase({
      database,
      deps: { review: reviewOver(pool), ...more(pool) },
      accept: (real) => async (input) => {
        const error = fault;
        fault = undefined;
        if (error) throw error;
        return real(input);
      },
      reconciler: { verify: untilStopped },
    }),
  );
  await insertPlatform(pool, { id: "acme", taskSource: "event" });
  await insertWorker(pool, { id: "amy" });
  const key = await api.keyFor("all", SCOPES);
  const url = await api.app.listen({ host: "127.0.0.1", port: 0 });
  return {
    pool,
    api,
    ask: (method, path, body, headers) =>
      fetch(url + path, {
        method,
        headers: { ...key, ...(body && { "content-type": "application/json" }), ...headers },
        ...(body && { body: JSON.stringify(body) }),
      }),
    failNextWith: (error) => void (fault = error),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const untilStopped = (_: unknown, signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("stopped")));
  });

function reviewOver(pool: Database): ReviewDeps {
  const away = () => Promise.reject(new PaymentError("CHAIN_UNAVAILABLE", "retry", "no answer"));
  return {
    dispatch: { database: pool, wake: createWake(), metrics: unobserved },
    settle: { pool, instance: { chainId: 5042002, payOnce: addressOf("PayOnce") } },
    chain: { headNumber: away, findPaid: away, findTransaction: async () => ({ kind: "unknown" }) },
  } as unknown as ReviewDeps;
}
