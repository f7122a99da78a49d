import { pino } from "pino";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { createKeyCache } from "../../src/http/key-cache.ts";
import { createLiveFeed, type LiveFeedDeps } from "../../src/http/live/live-feed.ts";
import { createOutcomeWatch } from "../../src/http/outcome-watch.ts";
import { createRequestBatcher } from "../../src/intake/request-batcher.ts";
import { createKey } from "../../src/keys/create-key.ts";
import type { Scope } from "../../src/keys/scopes.ts";
import type { Accept } from "../../src/payment/submission.ts";
import { createWake, type Wake } from "../../src/wake.ts";
import { createAddressRules } from "../../src/webhooks/address-rules.ts";
import type { ReviewDeps } from "../../src/operating/review-deps.ts";
import { createReconciler, type ReconcilerDeps } from "../../src/reconciling/create-reconciler.ts";
import { unobserved } from "../support/unobserved.ts";
import { replayOver, type TestReplay } from "../support/dead-letters.ts";
import { addressOf } from "../support/seed.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";
import { apiOver, type FixtureOptions } from "./api-fixture.ts";

type Api = Awaited<ReturnType<typeof apiOver>>;

export interface DatabaseApi extends AsyncDisposable {
  readonly app: Api;
  readonly database: FreshDatabase;
  readonly acceptance: TestReplay;
  /** Rung by whoever ends a payment. */
  readonly decided: Wake;
  /** Rung by whoever numbers live events. */
  readonly numbered: Wake;
  /** The batches that were accepted, by their sizes. */
  readonly batches: readonly number[];
  /** Headers with a new key; all scopes and platforms unless told. */
  readonly keyFor: (
    name: string,
    scopes: readonly Scope[],
    platformId?: string | null,
  ) => Promise<{ authorization: string }>;
}

/** The API over a real database and the real accept commit; nothing sends. */
export async function apiOverDatabase(
  options: Omit<FixtureOptions, "findKey"> & {
    readonly accept?: (real: Accept) => Accept;
    readonly live?: Partial<LiveFeedDeps>;
    readonly reconciler?: Partial<ReconcilerDeps>;
    /** Another instance's, on the same database. */
    readonly database?: FreshDatabase;
  } = {},
): Promise<DatabaseApi> {
  const database = options.database ?? (await freshDatabase());
  const pool = options.database ? await database.openAnotherPool() : database.pool;
  const decided = createWake();
  const ended = new AbortController();
  const log = pino({ level: "silent" });
  const outcomes = createOutcomeWatch({ pool, log, decided });
  const numbered = createWake();
  const live = createLiveFeed({
    pool,
    log,
    metrics: unobserved,
    numbered,
    clientsMax: 500,
    ...options.live,
  });
  const verify = () => Promise.reject(new Error("not part of this test"));
  const reconciler = createReconciler({ pool, log, verify, ...options.reconciler });
  const watching = Promise.all([outcomes, live, reconciler].map((each) => each.run(ended.signal)));
  const acceptance = replayOver(pool);
  const dispatch = { database: pool, wake: createWake() };
  const settle = { pool, instance: { payOnce: addressOf("PayOnce") } };
  const batches: number[] = [];
  const real: Accept = (input) => {
    batches.push(input.submissions.length);
    return acceptBatch(acceptance, input);
  };
  const app = await apiOver({
    ...options,
    findKey: createKeyCache(pool),
    deps: {
      pool,
      log,
      outcomes,
      live,
      reconciler,
      replay: acceptance,
      // Whatever would look at the chain is tested on the whole line.
      review: { dispatch, settle } as unknown as ReviewDeps,
      webhooks: {
        rules: createAddressRules(["127.0.0.0/8"]),
        resolve: () => Promise.reject(new Error("no name is resolved here")),
        due: createWake(),
      },
      accept: createRequestBatcher(options.accept?.(real) ?? real),
      explorerUrl: "https://explorer",
      ...options.deps,
    },
  });
  return {
    app,
    database,
    acceptance,
    decided,
    numbered,
    batches,
    async keyFor(name, scopes, platformId = null) {
      const order = { expiresInDays: null, actor: "operator:test", reason: "test" };
      const { token } = await createKey(pool, { name, scopes, platformId, ...order });
      return { authorization: `Bearer ${token}` };
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await watching;
      // A client that keeps its connection for the next request would be waited for.
      app.server.closeAllConnections();
      await app.close();
      // What is another instance's ends with that one.
      if (!options.database) await database[Symbol.asyncDispose]();
    },
  };
}
