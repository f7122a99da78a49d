import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createRoutes } from "./api/create-routes.ts";
import { createEntitySecretCheck } from "./api/entity-secret.ts";
import { entityRoutes } from "./api/entity-routes.ts";
import { estimateRoutes } from "./api/estimate-routes.ts";
import { createIdempotency } from "./api/idempotency.ts";
import { createRateLimit } from "./api/rate-limit.ts";
import { readRoutes } from "./api/read-routes.ts";
import { serveApi, type ServeDeps } from "./api/serve-api.ts";
import { signRoute } from "./api/sign-route.ts";
import { subscriptionRoutes } from "./api/subscription-routes.ts";
import { walletRoutes } from "./api/wallet-routes.ts";
import { startBlockLoop } from "./chain/block-loop.ts";
import { createChainClient } from "./chain/chain-client.ts";
import { createFaults } from "./control/faults.ts";
import { serveControl, type CircleAddress, type ControlDeps } from "./control/serve-control.ts";
import { defaultSettings, patchSettings, type SettingsPatch } from "./control/settings.ts";
import { createStats } from "./control/stats.ts";
import { createRandom, type Range } from "./random.ts";
import { sweepUnmined } from "./transactions/sweep.ts";
import { createTransactionStore } from "./transactions/transaction-store.ts";
import { createTokenRegistry } from "./wallets/token-registry.ts";
import { createWalletStore } from "./wallets/wallet-store.ts";
import { createAnnouncer } from "./webhooks/announce.ts";
import { createDeliverer } from "./webhooks/deliver.ts";
import { createWebhookKey } from "./webhooks/signature.ts";
import type { Subscriptions } from "./webhooks/subscriptions.ts";

const KEEP_ALIVE_MS = 120_000;

export interface CircleOptions {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** Default: 127.0.0.1. The control endpoint listens there too and asks for no credentials. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** The operator wallets: their keys, or how many to make. Default: one. */
  readonly wallets?: readonly { readonly id?: string; readonly privateKey: `0x${string}` }[];
  readonly walletCount?: number;
  readonly apiKey?: string;
  /** 64 hex characters. */
  readonly entitySecret?: string;
  /** From POST to SENT. Default: 500 to 1,500. */
  readonly latencyMs?: Range;
  /** Anything else that differs from the default settings. */
  readonly settings?: SettingsPatch;
  /** Of the latencies and faults drawn. Default: another one at each start. */
  readonly seed?: number;
}

export interface CircleEmulator extends CircleAddress, AsyncDisposable {
  stop(): Promise<void>;
}

/**
 * Starts Circle's developer-controlled wallets in this process: the unmodified SDK talks to its `baseUrl`, and what it
 * is told to do happens on the given chain. Wallets are not funded: that is whoever holds the chain's purse.
 */
export async function startCircle(options: CircleOptions): Promise<CircleEmulator> {
  const entitySecret = options.entitySecret ?? randomBytes(32).toString("hex");
  const kind = options.chainId === 5042 ? "LIVE_API_KEY" : "TEST_API_KEY";
  const apiKey =
    options.apiKey ??
    `${kind}:${randomBytes(16).toString("hex")}:${randomBytes(16).toString("hex")}`;
  const ending = new AbortController();
  const parts = await assemble({ ...options, apiKey, entitySecret }, ending.signal);

  const address = (): CircleAddress => {
    const { address, port } = server.address() as AddressInfo;
    const baseUrl = `http://${address === "0.0.0.0" ? "127.0.0.1" : address}:${port}`;
    const controlUrl = `${baseUrl}/control`;
    return { baseUrl, controlUrl, apiKey, entitySecret, ...parts.identity };
  };
  const server = serve(parts.serving, { ...parts.control, address });
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");

  const stop = async () => {
    ending.abort();
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { ...address(), stop, [Symbol.asyncDispose]: stop };
}

type Complete = CircleOptions & { readonly apiKey: string; readonly entitySecret: string };

async function assemble(options: Complete, signal: AbortSignal) {
  const settings = defaultSettings();
  if (options.latencyMs !== undefined)
    patchSettings(settings, { latency: { sentMs: options.latencyMs } });
  if (options.settings !== undefined) patchSettings(settings, options.settings);
  const initialSettings = structuredClone(settings);
  const random = createRandom(options.seed ?? randomBytes(4).readUInt32BE());
  const faults = createFaults(random);
  const stats = createStats();
  const base = { settings, random, faults, stats, signal };

  const chain = createChainClient(options.rpcUrl, options.chainId, signal);
  const blocks = startBlockLoop(chain, signal);
  const wallets = createWalletStore(chain);
  const tokens = createTokenRegistry(chain);
  const store = createTransactionStore();
  const secret = await createEntitySecretCheck(options.entitySecret);
  const idempotency = createIdempotency(settings);
  const key = createWebhookKey();
  const subscriptions: Subscriptions = new Map();
  const deliver = createDeliverer(base);
  const announce = createAnnouncer({ subscriptions, key, faults, deliver, signal });
  const signing = { faults, secret, idempotency };
  const sending = { ...base, chain, blocks, announce, store, wallets, tokens };
  sweepUnmined(sending).catch(() => undefined);

  const set = wallets.createSet("operators");
  const given = options.wallets ?? Array.from({ length: options.walletCount ?? 1 }, newKey);
  const operatorWallets = given.map(({ id, privateKey }) => {
    const wallet = wallets.create({ id, privateKey, walletSetId: set.id, name: "operator" });
    return { id: wallet.id, address: wallet.address, privateKey };
  });

  const rateLimit = createRateLimit(settings);
  const serving: ServeDeps = {
    ...base,
    apiKey: options.apiKey,
    rateLimit,
    routes: [
      ...entityRoutes(secret),
      ...createRoutes({ ...sending, ...signing }),
      ...readRoutes({ chain, store, wallets, faults }),
      ...estimateRoutes({ chain, wallets, tokens }),
      ...walletRoutes({ ...signing, chain, wallets, tokens }),
      signRoute({ chainId: options.chainId, wallets, secret }),
      ...subscriptionRoutes({ ...base, subscriptions, key, deliver }),
    ],
  };
  const control = {
    settings,
    initialSettings,
    faults,
    stats,
    random,
    refill: () => rateLimit.refill(),
    transactions: () => store.all(),
    importWallet: (privateKey: `0x${string}`) =>
      wallets.create({ privateKey, walletSetId: set.id, name: "imported" }).id,
  };
  return { serving, control, identity: { walletSetId: set.id, operatorWallets } };
}

function newKey(): { readonly id?: string; readonly privateKey: `0x${string}` } {
  return { privateKey: `0x${randomBytes(32).toString("hex")}` };
}

function serve(api: ServeDeps, control: ControlDeps): Server {
  // Node's own 5 s would now and then cut a reused connection under a request: resets are for faults to make.
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const exchange = { request, response };
    const url = new URL(request.url ?? "/", "http://circle");
    const isControl = url.pathname === "/control" || url.pathname.startsWith("/control/");
    const served = isControl ? serveControl(control, exchange, url) : serveApi(api, exchange, url);
    // What is left to go wrong is a client or an emulator that is gone: nobody to tell.
    served.catch(() => response.destroy());
  });
}
