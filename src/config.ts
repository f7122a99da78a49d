import { hostname } from "node:os";
import { CURRENCIES } from "./payment/currency.ts";
import type { RailName } from "./payment/events.ts";
import { NO_CONTRACT, type Method } from "./payment/method.ts";
import { tokensOf, type Tokens } from "./payment/tokens.ts";
import { configError } from "./settings/config-error.ts";
import * as parse from "./settings/parsers.ts";
import {
  readSettings,
  unknownSettings,
  type Problem,
  type Settings,
} from "./settings/read-settings.ts";

const secret = true;

/** docs/configuration.md says what each one means. */
const common = {
  NODE_ENV: { parse: parse.oneOf("development", "production", "test"), byDefault: "development" },
  LOG_LEVEL: {
    parse: parse.oneOf("trace", "debug", "info", "warn", "error", "silent"),
    byDefault: "info",
  },
  SHUTDOWN_TIMEOUT_MS: { parse: parse.integer(100, 600_000), byDefault: "10000" },
  INSTANCE_ID: { parse: parse.text, byDefault: hostname() },
  METRICS_PORT: { parse: parse.integer(0, 65_535), byDefault: "9464" },
  DATABASE_URL: { parse: parse.url("postgres:", "postgresql:"), secret },
  DATABASE_POOL_MAX: { parse: parse.integer(4, 200), byDefault: "20" },
  DATABASE_STATEMENT_TIMEOUT_MS: { parse: parse.integer(100, 600_000), byDefault: "5000" },
  KAFKA_BROKERS: { parse: parse.listOf(parse.text) },
  KAFKA_SSL: { parse: parse.boolean, byDefault: "false" },
  KAFKA_SASL_MECHANISM: {
    parse: parse.orOff(parse.oneOf("plain", "scram-sha-256", "scram-sha-512")),
    byDefault: "",
  },
  KAFKA_SASL_USERNAME: { parse: parse.text, byDefault: "" },
  KAFKA_SASL_PASSWORD: { parse: parse.text, byDefault: "", secret },
  KAFKA_CLIENT_ID: { parse: parse.text, byDefault: "gigstream-payments" },
  KAFKA_GROUP_ID: { parse: parse.text, byDefault: "gigstream-payments" },
  // The broker's own minimum by default. With kafkajs's 30 s, a restarted service was let in only 27 s after a kill -9.
  KAFKA_SESSION_TIMEOUT_MS: { parse: parse.integer(1_000, 300_000), byDefault: "6000" },
  TOPIC_TASK_COMPLETED: { parse: parse.text, byDefault: "task.completed" },
  TOPIC_PAYMENT_COMPLETED: { parse: parse.text, byDefault: "payment.completed" },
  TOPIC_PAYMENT_FAILED: { parse: parse.text, byDefault: "payment.failed" },
  TOPIC_DEAD_LETTERS: { parse: parse.text, byDefault: "task.completed.dlq" },
  SCHEMA_REGISTRY_URL: { parse: parse.url("http:", "https:") },
  SCHEMA_REGISTRY_USERNAME: { parse: parse.text, byDefault: "" },
  SCHEMA_REGISTRY_PASSWORD: { parse: parse.text, byDefault: "", secret },
  PAYMENT_RAIL: { parse: parse.oneOf("circle", "arc") },
  PAYMENT_METHOD: { parse: parse.oneOf("payonce", "transfer"), byDefault: "payonce" },
  ARC_RPC_URL: { parse: parse.listOf(parse.url("http:", "https:")), secret },
  ARC_WS_URL: { parse: parse.orOff(parse.url("ws:", "wss:")), byDefault: "", secret },
  ARC_CHAIN_ID: { parse: parse.integer(1, Number.MAX_SAFE_INTEGER) },
  ARC_EXPLORER_URL: { parse: parse.orOff(parse.url("http:", "https:")), byDefault: "" },
  PAYMENT_FEE_PERCENTAGE: { parse: parse.percentage, byDefault: "0" },
  PAYMENT_FEE_TIERS: { parse: parse.feeTiers, byDefault: "" },
  PAYMENT_MIN_AMOUNT: { parse: parse.amount, byDefault: "1" },
  PAYMENT_MAX_AMOUNT: { parse: parse.amount, byDefault: "10000" },
  PAYMENT_CURRENCIES: { parse: parse.listOf(parse.oneOf(...CURRENCIES)), byDefault: "USDC,EURC" },
  PAYMENT_RETRY_DELAYS_MS: { parse: parse.delaysMs, byDefault: "2000,4000,6000" },
  PAYMENT_REVIEW_AFTER_MS: { parse: parse.integer(1_000, 86_400_000), byDefault: "120000" },
  PAYMENT_BATCH_MAX: { parse: parse.integer(1, 150), byDefault: "100" },
  PAYMENT_MAX_IN_FLIGHT: { parse: parse.integer(1, 100_000), byDefault: "2000" },
  AUTO_PAUSE: { parse: parse.boolean, byDefault: "true" },
  REPUTATION_POINTS: { parse: parse.integer(0, 1_000_000), byDefault: "10" },
  RISK_WORKER_DAILY_AMOUNT: { parse: parse.orOff(parse.amount), byDefault: "" },
  RISK_WORKER_HOURLY_COUNT: { parse: parse.orOff(parse.integer(1, 1_000_000)), byDefault: "" },
  SLO_MS: { parse: parse.integer(1, 600_000), byDefault: "3000" },
};

const payOnce = { PAY_ONCE_ADDRESS: { parse: parse.address } };

const operators = { CIRCLE_OPERATOR_WALLET_IDS: { parse: parse.listOf(parse.text) } };

const circle = {
  CIRCLE_API_KEY: { parse: parse.text, secret },
  CIRCLE_ENTITY_SECRET: { parse: parse.hex32, secret },
  CIRCLE_BASE_URL: {
    parse: parse.url("http:", "https:"),
    byDefault: "https://api.circle.com",
  },
  CIRCLE_POSTS_PER_SECOND: { parse: parse.integer(1, 1_000), byDefault: "5" },
  CIRCLE_GETS_PER_SECOND: { parse: parse.integer(1, 1_000), byDefault: "20" },
};

const arc = {
  ARC_OPERATOR_PRIVATE_KEYS: { parse: parse.listOf(parse.hex32), secret },
  // Nodes keep at most 16 pending transactions of one sender; 12 leaves room for replacements.
  ARC_MAX_IN_FLIGHT: { parse: parse.integer(1, 16), byDefault: "12" },
};

/** For `gigpay migrate` only: a login that may change the schema, which the service's should not. */
const migration = {
  DATABASE_MIGRATION_URL: {
    parse: parse.orOff(parse.url("postgres:", "postgresql:")),
    byDefault: "",
    secret,
  },
};

/** For `gigpay setup` and `gigpay operators` only; the service itself never holds these keys. */
const setup = {
  PAY_ONCE_ADMIN_PRIVATE_KEY: { parse: parse.orOff(parse.hex32), byDefault: "", secret },
  PAYER_PRIVATE_KEYS: { parse: parse.orOff(parse.listOf(parse.hex32)), byDefault: "", secret },
};

const KNOWN = [common, payOnce, operators, circle, arc, migration, setup].flatMap((settings) =>
  Object.keys(settings),
);

type Environment = Readonly<Record<string, string | undefined>>;
export type CommonSettings = ReturnType<typeof readSettings<typeof common>>;
export type RailSettings =
  | ({
      readonly rail: "circle";
      /** None where payments are plain transfers: those go out from the platforms' own wallets. */
      readonly CIRCLE_OPERATOR_WALLET_IDS: readonly string[];
    } & ReturnType<typeof readSettings<typeof circle>>)
  | ({ readonly rail: "arc" } & ReturnType<typeof readSettings<typeof arc>>);

export interface Config extends CommonSettings {
  readonly tokens: Tokens;
  readonly railSettings: RailSettings;
  /** `NO_CONTRACT` where payments are plain transfers. */
  readonly PAY_ONCE_ADDRESS: string;
}

/**
 * Reads the whole configuration, or throws one `CONFIG_INVALID` that lists every wrong setting.
 * A rail demands exactly its own settings, so a half-configured one cannot start.
 */
export function loadConfig(environment: Environment = process.env): Config {
  const problems: Problem[] = [];
  const values = readSettings(common, environment, problems);
  const railSettings = readRail(values, environment, problems);
  const { PAY_ONCE_ADDRESS } = readInstance(values.PAYMENT_METHOD, environment, problems);
  const tokens = tokensOf(values.ARC_CHAIN_ID);
  if (values.ARC_CHAIN_ID !== undefined && !tokens) {
    problems.push({
      name: "ARC_CHAIN_ID",
      text: `"${values.ARC_CHAIN_ID}" is not Arc (5042, testnet 5042002)`,
    });
  }
  if (values.PAYMENT_MIN_AMOUNT > values.PAYMENT_MAX_AMOUNT) {
    problems.push({ name: "PAYMENT_MIN_AMOUNT", text: "is above PAYMENT_MAX_AMOUNT" });
  }
  if (values.NODE_ENV === "production" && environment["KAFKA_SSL"] === undefined) {
    problems.push({
      name: "KAFKA_SSL",
      text: "missing; production needs true or an explicit false",
    });
  }
  problems.push(...unknownSettings(KNOWN, environment));
  if (problems.length > 0 || !railSettings || !tokens) throw configError(problems);
  return { ...values, PAY_ONCE_ADDRESS, railSettings, tokens };
}

export type SetupConfig = ReturnType<typeof loadSetupConfig>;

/** What setting a deployment up needs: PayOnce may not exist yet, and Kafka does not matter. */
export function loadSetupConfig(environment: Environment = process.env) {
  const problems: Problem[] = [];
  const { ARC_RPC_URL, ARC_CHAIN_ID, PAYMENT_RAIL, PAYMENT_METHOD, PAYMENT_CURRENCIES } = common;
  const PAY_ONCE_ADDRESS = { parse: parse.orOff(parse.address), byDefault: "" };
  const chain = {
    ARC_RPC_URL,
    ARC_CHAIN_ID,
    PAYMENT_RAIL,
    PAYMENT_METHOD,
    PAYMENT_CURRENCIES,
    PAY_ONCE_ADDRESS,
  };
  const values = readSettings({ ...chain, ...setup }, environment, problems);
  const railSettings = readRail(values, environment, problems);
  const tokens = tokensOf(values.ARC_CHAIN_ID);
  if (problems.length > 0 || !railSettings || !tokens) throw configError(problems);
  return { ...values, railSettings, tokens };
}

/** Only what database commands need: `gigpay get` must not ask for Circle's secret. */
export function loadDatabaseConfig(
  environment: Environment = process.env,
): Pick<CommonSettings, "DATABASE_URL" | "DATABASE_POOL_MAX" | "DATABASE_STATEMENT_TIMEOUT_MS"> {
  const { DATABASE_URL, DATABASE_POOL_MAX, DATABASE_STATEMENT_TIMEOUT_MS } = common;
  return loadOnly({ DATABASE_URL, DATABASE_POOL_MAX, DATABASE_STATEMENT_TIMEOUT_MS }, environment);
}

/** The URL to migrate with: the service's own where no other is given. */
export function loadMigrationUrl(environment: Environment = process.env): string {
  const { DATABASE_MIGRATION_URL } = loadOnly(migration, environment);
  return DATABASE_MIGRATION_URL ?? loadDatabaseConfig(environment).DATABASE_URL;
}

/** Where a service with these settings serves its metrics. */
export function loadMetricsPort(environment: Environment = process.env): number {
  return loadOnly({ METRICS_PORT: common.METRICS_PORT }, environment).METRICS_PORT;
}

function loadOnly<S extends Settings>(settings: S, environment: Environment) {
  const problems: Problem[] = [];
  const values = readSettings(settings, environment, problems);
  if (problems.length > 0) throw configError(problems);
  return values;
}

function readInstance(method: Method, environment: Environment, problems: Problem[]) {
  if (method === "transfer") return { PAY_ONCE_ADDRESS: NO_CONTRACT };
  return readSettings(payOnce, environment, problems);
}

function readRail(
  {
    PAYMENT_RAIL: rail,
    PAYMENT_METHOD: method,
  }: { PAYMENT_RAIL: RailName | undefined; PAYMENT_METHOD: Method },
  environment: Environment,
  problems: Problem[],
): RailSettings | undefined {
  switch (rail) {
    case "circle": {
      const sending =
        method === "transfer"
          ? { CIRCLE_OPERATOR_WALLET_IDS: [] }
          : readSettings(operators, environment, problems);
      return { rail, ...sending, ...readSettings(circle, environment, problems) };
    }
    case "arc":
      if (method === "transfer") {
        problems.push({
          name: "PAYMENT_METHOD",
          text: '"transfer" goes with PAYMENT_RAIL=circle only',
        });
      }
      return { rail, ...readSettings(arc, environment, problems) };
    case undefined:
      return undefined;
  }
}

/** Every setting with its value and where it came from; secrets are only said to be set or not. */
export function describeConfig(environment: Environment = process.env): Record<string, string> {
  const all = { ...common, ...payOnce, ...operators, ...circle, ...arc, ...migration, ...setup };
  return Object.fromEntries(
    Object.entries(all).map(([name, setting]) => {
      const isSecret = "secret" in setting;
      const given =
        environment[name] ?? (isSecret && environment[`${name}_FILE`] ? "(file)" : undefined);
      if (given !== undefined) return [name, isSecret ? "(set)" : given];
      return [name, "byDefault" in setting ? setting.byDefault : "(not set)"];
    }),
  );
}
