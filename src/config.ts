import type { RailName } from "./payment/events.ts";
import type { HeartbeatSettings } from "./heartbeat/create-heartbeat.ts";
import { NO_CONTRACT, type Method } from "./payment/method.ts";
import { tokensOf, type Tokens } from "./payment/tokens.ts";
import { configError } from "./settings/config-error.ts";
import {
  arc,
  circle,
  client,
  common,
  heartbeat,
  migration,
  operators,
  payOnce,
  setup,
} from "./settings/known-settings.ts";
import * as parse from "./settings/parsers.ts";
import { readHeartbeat } from "./settings/read-heartbeat.ts";
import {
  readSettings,
  unknownSettings,
  type Problem,
  type Settings,
} from "./settings/read-settings.ts";

const ALL = {
  ...common,
  ...payOnce,
  ...operators,
  ...circle,
  ...arc,
  ...heartbeat,
  ...migration,
  ...setup,
  ...client,
};
const KNOWN = Object.keys(ALL);

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
  /** Null: the service does not pay itself. */
  readonly heartbeat: HeartbeatSettings | null;
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
  if (values.NODE_ENV === "production" && values.PUBLIC_URL === null) {
    problems.push({ name: "PUBLIC_URL", text: "missing; production needs the API's own address" });
  }
  const ownPayments = problems.length > 0 ? null : readHeartbeat(values, environment, problems);
  problems.push(...unknownSettings(KNOWN, environment));
  if (problems.length > 0 || !railSettings || !tokens) throw configError(problems);
  return { ...values, PAY_ONCE_ADDRESS, railSettings, tokens, heartbeat: ownPayments };
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

/** Only what database commands need: `gigpay keys` must not ask for Circle's secret. */
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

/** Where a running service is asked, and with which key: GIGPAY_URL, else this machine's own. */
export function loadClientConfig(environment: Environment = process.env): {
  readonly url: string;
  readonly apiKey: string;
} {
  const { HTTP_PORT } = common;
  const values = loadOnly({ ...client, HTTP_PORT }, environment);
  const url = values.GIGPAY_URL ?? `http://127.0.0.1:${values.HTTP_PORT}`;
  return { url, apiKey: values.GIGPAY_API_KEY };
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
  return Object.fromEntries(
    Object.entries(ALL).map(([name, setting]) => {
      const isSecret = "secret" in setting;
      const given =
        environment[name] ?? (isSecret && environment[`${name}_FILE`] ? "(file)" : undefined);
      if (given !== undefined) return [name, isSecret ? "(set)" : given];
      return [name, "byDefault" in setting ? setting.byDefault : "(not set)"];
    }),
  );
}
