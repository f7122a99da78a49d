import { randomUUID } from "node:crypto";
import { generatePrivateKey } from "viem/accounts";
import { migrateService } from "../../sandbox/demo/service.ts";
import { furnishChain, walletOf, type KeyedWallet } from "../../sandbox/furnish.ts";
import { circleControl } from "../../sandbox/circle/control-client.ts";
import { execute } from "../../sandbox/postgres/postgres-at.ts";
import { serviceLogin } from "../../sandbox/postgres/service-login.ts";
import type { Method, Rail } from "../../sandbox/service-settings.ts";
import { openPool, type Database } from "../../src/database/pool.ts";
import { chainControlsAt, type WorldChain } from "./world-chain.ts";
import type { RunningService } from "./running-service.ts";
import type { SandboxAddresses } from "./sandbox-addresses.ts";

/** 2.5 %, so that amount, fee and net differ and a mix-up shows. */
export const FEE_RATE = 25_000n;

export interface WorldOptions {
  readonly rail: Rail;
  /** With `transfer` the treasuries are Circle's wallets too. */
  readonly method?: Method;
  /** Platforms' wallets that can pay; one unless told. */
  readonly treasuries?: number;
  readonly settings?: Readonly<Record<string, string>>;
  /** Brings the schema up to date; `gigpay migrate` unless told. */
  readonly migrate?: (databaseUrl: string) => Promise<void>;
}

type Settings = Readonly<Record<string, string>>;

/**
 * A deployment of its own in a sandbox: its database, topics, PayOnce instance and wallets are no other
 * file's.
 */
export interface World extends AsyncDisposable {
  readonly parts: SandboxAddresses;
  readonly chain: WorldChain;
  readonly treasuries: readonly KeyedWallet[];
  readonly topics: Topics;
  /** The environment of its services. */
  readonly settings: Readonly<Record<string, string>>;
  /** Its database, for filling the directory and for looking. */
  readonly pool: Database;
  /** A service on it, of this version unless another's `gigpay.ts` is given; ended with the world. */
  run(instance: string, program?: string): RunningService;
}

export interface Topics {
  readonly tasks: string;
  readonly completed: string;
  readonly failed: string;
  readonly deadLetters: string;
}

/** Makes one in the sandbox that has these parts; `runService` runs its services. */
export async function createWorldIn(
  parts: SandboxAddresses,
  options: WorldOptions,
  runService: (settings: Settings, instance: string, program?: string) => RunningService,
): Promise<World> {
  const name = `e2e_${randomUUID().slice(0, 8)}`;
  const topics = topicsOf(name);
  const treasuries = newWallets(options.treasuries ?? 1);
  const operators = options.rail === "arc" ? newWallets(2) : [];
  const controls = chainControlsAt(parts.chain);
  const databaseUrl = parts.postgresUrl.replace(/\/postgres$/, `/${name}`);
  const [payOnce] = await Promise.all([
    furnishChain(controls, {
      operators: [...operators, ...parts.circle.operatorWallets].map(({ address }) => address),
      treasuries,
    }),
    execute(parts.postgresUrl, `CREATE DATABASE ${name}`).then(() =>
      options.migrate
        ? options.migrate(databaseUrl)
        : migrateService({ DATABASE_URL: databaseUrl }),
    ),
  ]);
  const circle = circleControl(parts.circle.controlUrl);
  for (const { privateKey } of options.method === "transfer" ? treasuries : []) {
    await circle.importWallet(privateKey);
  }
  const serviceDatabaseUrl = await serviceLogin(databaseUrl);
  const chain = { ...controls, payOnce };
  const settings = {
    ...settingsOf(parts, topics, name),
    ...railSettings(options.rail, parts, operators),
    // The service's own login: what runs here has the serving role's rights and no more.
    DATABASE_URL: serviceDatabaseUrl,
    DATABASE_MIGRATION_URL: databaseUrl,
    ...(options.method === "transfer"
      ? { PAYMENT_METHOD: "transfer" }
      : { PAY_ONCE_ADDRESS: payOnce }),
    METRICS_PORT: "0",
    HTTP_PORT: "0",
    PAYMENT_FEE_PERCENTAGE: "2.5",
    LOG_LEVEL: "info",
    ...options.settings,
  };
  await using started = new AsyncDisposableStack();
  const pool = await openPool({ url: databaseUrl, poolMax: 5, statementTimeoutMs: 10_000 });
  started.defer(() => pool.end());
  const running = started.move();
  return {
    parts,
    chain,
    treasuries,
    topics,
    settings,
    pool,
    run: (instance, program) => running.use(runService(settings, instance, program)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function topicsOf(name: string): Topics {
  return {
    tasks: `${name}.task.completed`,
    completed: `${name}.payment.completed`,
    failed: `${name}.payment.failed`,
    deadLetters: `${name}.task.completed.dlq`,
  };
}

function newWallets(count: number): KeyedWallet[] {
  return Array.from({ length: count }, () => walletOf(generatePrivateKey()));
}

function settingsOf(
  { chain, brokers, registryUrl }: SandboxAddresses,
  topics: Topics,
  name: string,
) {
  return {
    KAFKA_BROKERS: brokers.join(","),
    KAFKA_GROUP_ID: name,
    TOPIC_TASK_COMPLETED: topics.tasks,
    TOPIC_PAYMENT_COMPLETED: topics.completed,
    TOPIC_PAYMENT_FAILED: topics.failed,
    TOPIC_DEAD_LETTERS: topics.deadLetters,
    SCHEMA_REGISTRY_URL: registryUrl,
    ARC_RPC_URL: chain.rpcUrl,
    ARC_WS_URL: chain.wsUrl,
    ARC_CHAIN_ID: String(chain.chainId),
  };
}

function railSettings(
  rail: Rail,
  { circle }: SandboxAddresses,
  operators: readonly KeyedWallet[],
): Record<string, string> {
  if (rail === "arc") {
    const keys = operators.map(({ privateKey }) => privateKey);
    return { PAYMENT_RAIL: rail, ARC_OPERATOR_PRIVATE_KEYS: keys.join(",") };
  }
  return {
    PAYMENT_RAIL: rail,
    CIRCLE_API_KEY: circle.apiKey,
    CIRCLE_ENTITY_SECRET: circle.entitySecret,
    CIRCLE_OPERATOR_WALLET_IDS: circle.operatorWallets.map(({ id }) => id).join(","),
    CIRCLE_BASE_URL: circle.baseUrl,
  };
}
