import { preflight } from "../arc/preflight.ts";
import { createBalanceReader, createFundsReader } from "../arc/funds.ts";
import { loadConfig, type Config } from "../config.ts";
import { readLoginRights } from "../database/login-rights.ts";
import { migrate } from "../database/migrate.ts";
import { formatMicros } from "../payment/money.ts";
import { listPlatforms } from "../queries/list-platforms.ts";
import { COMMAND_TIMEOUT_MS, operatorAddresses, ownWallets, rpcOf } from "./chain-access.ts";
import { kafkaOf, topicsOf } from "../connections.ts";
import { missingTopics } from "../kafka/missing-topics.ts";
import { createLog } from "../log.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { printDocument, type Output } from "./output.ts";
import { heartbeatFindings } from "./heartbeat-findings.ts";
import { notificationFindings } from "./notification-findings.ts";
import { pauseFindings } from "./pause-findings.ts";
import { restoreFindings } from "./restore-findings.ts";

const REGISTRY_TIMEOUT_MS = 5_000;

/**
 * `low` will stop payments soon, `open` leaves a safeguard off, `paused` is as somebody or an alarm wanted it; only `wrong`
 * and `away` keep the service from working now.
 */
interface Finding {
  readonly verdict: "fine" | "low" | "open" | "paused" | "wrong" | "away";
  readonly subject: string;
  readonly detail: string;
}

/** Looks at every part, whatever the others say. Exit 0, 3 where something is wrong, 4 where a part is away. */
export async function doctorCommand(output: Output): Promise<ExitCode> {
  const config = loadConfig();
  const findings = (
    await Promise.all([
      look("Postgres", () => postgresFindings(config)),
      look("Kafka", () => kafkaFindings(config)),
      look("schema registry", () => registryFindings(config)),
      look("chain", () => chainFindings(config)),
      look("Circle's notifications", () => notificationFindings(config)),
      config.PAYMENT_METHOD === "transfer"
        ? look("wallets", () => payerFindings(config))
        : look("allowances", () => allowanceFindings(config)),
    ])
  ).flat();
  printDocument(output, { findings }, () =>
    findings
      .map(({ verdict, subject, detail }) => `${verdict.padEnd(6)} ${subject}: ${detail}`)
      .join("\n"),
  );
  if (findings.some(({ verdict }) => verdict === "wrong")) return EXIT.configuration;
  return findings.some(({ verdict }) => verdict === "away") ? EXIT.unreachable : EXIT.done;
}

async function look(
  subject: string,
  ask: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await ask();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ verdict: "away", subject, detail }];
  }
}

async function postgresFindings(config: Config): Promise<readonly Finding[]> {
  const subject = "Postgres";
  const { pending } = await migrate(config.DATABASE_URL, { check: true });
  if (pending.length > 0) {
    const detail = `migrations are pending (${pending.join(", ")}): gigpay migrate`;
    return [{ verdict: "wrong", subject, detail }];
  }
  const { login, ownsSchema } = await withDatabase(readLoginRights);
  const rights = ownsSchema
    ? `${login} owns the tables and could switch their guards off: serve with a login in gigpay_serving`
    : `${login} has the rights of a service`;
  return [
    { verdict: "fine", subject, detail: "up to date" },
    { verdict: ownsSchema ? "open" : "fine", subject: "database login", detail: rights },
    ...(await withDatabase(async (db) => [
      ...(await restoreFindings(db)),
      ...(await pauseFindings(db)),
      ...(await heartbeatFindings(db, config.heartbeat)),
    ])),
  ];
}

async function kafkaFindings(config: Config): Promise<readonly Finding[]> {
  const log = createLog({ level: "silent", instanceId: config.INSTANCE_ID });
  const missing = await missingTopics(kafkaOf(config, log), Object.values(topicsOf(config)));
  const detail =
    missing.length === 0
      ? "all topics are there"
      : `${missing.join(", ")} will be created at start`;
  return [{ verdict: "fine", subject: "Kafka", detail }];
}

async function registryFindings(config: Config): Promise<readonly Finding[]> {
  const username = config.SCHEMA_REGISTRY_USERNAME;
  const credentials = Buffer.from(`${username}:${config.SCHEMA_REGISTRY_PASSWORD}`);
  const answer = await fetch(`${config.SCHEMA_REGISTRY_URL}/subjects`, {
    headers: username === "" ? {} : { authorization: `Basic ${credentials.toString("base64")}` },
    signal: AbortSignal.timeout(REGISTRY_TIMEOUT_MS),
  });
  const verdict = answer.ok ? "fine" : "wrong";
  return [{ verdict, subject: "schema registry", detail: `answers ${answer.status}` }];
}

async function chainFindings(config: Config): Promise<readonly Finding[]> {
  const operators = await operatorAddresses(config.railSettings, config.ARC_CHAIN_ID);
  return preflight(rpcOf(config), {
    chainId: config.ARC_CHAIN_ID,
    payOnce: config.PAY_ONCE_ADDRESS,
    operators,
    tokens: Object.fromEntries(
      config.PAYMENT_CURRENCIES.map((currency) => [currency, config.tokens[currency]]),
    ),
  });
}

/** Where payments are plain transfers: each platform's wallet must be the Circle account's, and have money and gas. */
async function payerFindings(config: Config): Promise<readonly Finding[]> {
  const platforms = await withDatabase(listPlatforms);
  const addresses = platforms.map(({ walletAddress }) => walletAddress);
  const own = await ownWallets(config.railSettings, config.ARC_CHAIN_ID, addresses);
  const strangers = platforms.flatMap(({ id, walletAddress }): Finding[] => {
    if (own.has(walletAddress)) return [];
    const detail = `its wallet ${walletAddress} is no wallet of this Circle account: its payments fail`;
    return [{ verdict: "wrong", subject: `platform ${id}`, detail }];
  });
  return [...strangers, ...(await fundsFindings(config, platforms))];
}

async function allowanceFindings(config: Config): Promise<readonly Finding[]> {
  return fundsFindings(config, await withDatabase(listPlatforms));
}

async function fundsFindings(
  config: Config,
  platforms: Awaited<ReturnType<typeof listPlatforms>>,
): Promise<readonly Finding[]> {
  const pairs = platforms.flatMap(({ id, walletAddress: payer }) =>
    config.PAYMENT_CURRENCIES.map((currency) => ({
      payer,
      token: config.tokens[currency],
      subject: `platform ${id} in ${currency}`,
    })),
  );
  const reader =
    config.PAYMENT_METHOD === "transfer"
      ? createBalanceReader(rpcOf(config), config.tokens.USDC)
      : createFundsReader(rpcOf(config), config.PAY_ONCE_ADDRESS);
  const funds = await reader.read(pairs, AbortSignal.timeout(COMMAND_TIMEOUT_MS));
  return pairs.map(({ subject }, i): Finding => {
    const { balance = 0n, allowance = 0n, blocked = false } = funds[i] ?? {};
    const bound = config.PAYMENT_METHOD === "transfer" ? "beside its gas" : "allowance";
    const detail = `balance ${formatMicros(balance)}, ${bound} ${formatMicros(allowance)}`;
    if (blocked) return { verdict: "wrong", subject, detail: "the token blocks its wallet" };
    const isShort = balance === 0n || allowance === 0n;
    return { verdict: isShort ? "low" : "fine", subject, detail };
  });
}
