import { acceptBatch } from "./acceptance/accept-batch.ts";
import { createNotificationInbox } from "./circle/notification-inbox.ts";
import type { Config } from "./config.ts";
import type { Untraced } from "./connect.ts";
import { databaseOf } from "./connections.ts";
import { outlastOutage } from "./database/outlast-outage.ts";
import type { Database } from "./database/pool.ts";
import { createAdmission } from "./http/admission.ts";
import type { ApiDeps } from "./http/api-deps.ts";
import { createApi } from "./http/create-api.ts";
import { createKeyCache } from "./http/key-cache.ts";
import { listen, type Listening } from "./http/listen.ts";
import { createLiveFeed } from "./http/live/live-feed.ts";
import { openApiDocument } from "./http/openapi/document.ts";
import { createOutcomeWatch } from "./http/outcome-watch.ts";
import type { Purses } from "./http/purses.ts";
import { createReadiness } from "./http/readiness.ts";
import { ALL_ROUTES } from "./http/routes/all-routes.ts";
import { answerStarting } from "./http/starting.ts";
import { createTokenBuckets } from "./http/token-buckets.ts";
import type { WebhookPort } from "./http/webhook-port.ts";
import { createRequestBatcher } from "./intake/request-batcher.ts";
import type { RunningConsumer } from "./kafka/consumer.ts";
import type { RestoreWatch } from "./restore/watch-restores.ts";
import { createUseNotes } from "./keys/note-use.ts";
import { createReconciler } from "./reconciling/create-reconciler.ts";
import { fundsReaderOf, instanceOf, replayDeps, reviewDeps, type Connected } from "./stage-deps.ts";
import { until } from "./until.ts";
import { verifyInChild } from "./verify-in-child.ts";

/** Reading needs few connections, and takes none of the line's. */
const POOL_MAX = 5;

export interface ApiSignals {
  /** The service was told to stop: whoever waits is answered, and probes say so. */
  readonly stopping: AbortSignal;
  /** The API's own end, once the last request is answered. */
  readonly running: AbortSignal;
}

export interface ApiPlace {
  readonly listening: Listening;
  readonly consumer: Pick<RunningConsumer, "isJoined">;
  /** Nothing is accepted before the database was looked at for signs of a restore. */
  readonly watch: Pick<RestoreWatch, "checked">;
  readonly webhooks: WebhookPort;
}

/** Before anything behind it is there: who probes the process must find somebody. */
export function listenForApi({ config, log, metrics }: Untraced): Listening {
  const place = { host: config.HTTP_HOST, port: config.HTTP_PORT };
  const deps = { log, metrics, publicUrl: publicUrlOf(config) };
  return listen(deps, place, answerStarting(deps));
}

/** Puts the API behind the port that listens already, and keeps it there until its signal aborts. */
export async function serveApi(
  connected: Connected,
  { listening, consumer, watch, webhooks }: ApiPlace,
  signals: ApiSignals,
): Promise<void> {
  const { config, log, metrics, server, outcomeBell: decided } = connected;
  const pool = await outlastOutage(
    { log },
    () => databaseOf(config, (connection) => server.look(connection), { poolMax: POOL_MAX }),
    signals.running,
  );
  const outcomes = createOutcomeWatch({ pool, log, decided });
  const uses = createUseNotes({ pool, log });
  const readiness = createReadiness({
    pool,
    isConsuming: () => consumer.isJoined(),
    isStopping: () => signals.stopping.aborted,
  });
  const live = createLiveFeed({
    pool,
    log,
    metrics: connected.metrics,
    numbered: connected.bells.live,
    clientsMax: config.SSE_MAX_CONNECTIONS,
  });
  const reconciler = createReconciler({ pool, log, verify: verifyInChild });
  const api = apiDeps(connected, { pool, outcomes, readiness, live, reconciler, webhooks });
  const admission = admissionOf(config, pool, (keyId) => uses.note(keyId));
  const app = await createApi(
    { api, admission, log, metrics, stopping: signals.stopping },
    {
      bodyLimitBytes: config.HTTP_BODY_LIMIT_BYTES,
      trustedProxies: config.HTTP_TRUSTED_PROXIES ?? [],
    },
    ALL_ROUTES,
  );
  await until(watch.checked, signals.running);
  listening.use((request, response) => app.routing(request, response));
  const beside = [outcomes, uses, live, reconciler];
  await Promise.all(beside.map((each) => each.run(signals.running)));
  await app.close();
  await pool.end();
}

function apiDeps(
  connected: Connected,
  own: Pick<ApiDeps, "pool" | "outcomes" | "readiness" | "live" | "reconciler" | "webhooks">,
): ApiDeps {
  const { config, log, metrics, notificationKeys: keys } = connected;
  // Whoever sends may be another instance.
  const onHint = () => connected.signals.announce("tend");
  const replay = replayDeps(connected);
  const publicUrl = publicUrlOf(config);
  let document: unknown;
  return {
    ...own,
    log,
    replay,
    review: reviewDeps(connected),
    notifications: keys && createNotificationInbox({ keys, metrics, onHint }),
    purses: pursesOf(connected),
    deployment: {
      ...instanceOf(config),
      rail: config.PAYMENT_RAIL,
      method: config.PAYMENT_METHOD,
      instanceId: config.INSTANCE_ID,
      commit: config.BUILD_COMMIT,
    },
    accept: createRequestBatcher((input) => acceptBatch(replay, input)),
    explorerUrl: config.ARC_EXPLORER_URL,
    publicUrl,
    openApi: () => (document ??= openApiDocument(ALL_ROUTES, publicUrl)),
  };
}

function publicUrlOf({ PUBLIC_URL, HTTP_PORT }: Config): string {
  return PUBLIC_URL ?? `http://localhost:${HTTP_PORT}`;
}

function pursesOf(connected: Connected): Purses {
  const { config, lanes } = connected;
  const own = lanes.find(({ method }) => method === "transfer")?.payers;
  return {
    reader: fundsReaderOf(connected),
    tokens: config.PAYMENT_CURRENCIES.map((currency) => ({
      currency,
      token: config.tokens[currency],
    })),
    spender: config.PAYMENT_METHOD === "transfer" ? null : config.PAY_ONCE_ADDRESS,
    isPayer: (address) => own?.has(address) ?? true,
  };
}

function admissionOf(config: Config, pool: Database, noteUse: (keyId: string) => void) {
  const limits = { perSecond: config.HTTP_RATE_PER_SECOND, burst: config.HTTP_RATE_BURST };
  return createAdmission({
    findKey: createKeyCache(pool),
    noteUse,
    limits,
    keyBuckets: createTokenBuckets(limits),
    addressBuckets: createTokenBuckets(limits),
  });
}
