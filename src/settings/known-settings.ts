import { hostname } from "node:os";
import { CURRENCIES } from "../payment/currency.ts";
import { SAMPLERS } from "../tracing/sampler-names.ts";
import * as parse from "./parsers.ts";

const secret = true;

const http = {
  HTTP_HOST: { parse: parse.text, byDefault: "0.0.0.0" },
  HTTP_PORT: { parse: parse.integer(0, 65_535), byDefault: "8080" },
  PUBLIC_URL: { parse: parse.orOff(parse.url("http:", "https:")), byDefault: "" },
  HTTP_RATE_PER_SECOND: { parse: parse.integer(1, 100_000), byDefault: "100" },
  HTTP_RATE_BURST: { parse: parse.integer(1, 100_000), byDefault: "200" },
  HTTP_BODY_LIMIT_BYTES: { parse: parse.integer(1_024, 16_777_216), byDefault: "1048576" },
  // 500 slow readers hold 128 MB at the very most: what they have in common is held once.
  SSE_MAX_CONNECTIONS: { parse: parse.integer(0, 1_500), byDefault: "500" },
  HTTP_TRUSTED_PROXIES: { parse: parse.orOff(parse.listOf(parse.text)), byDefault: "" },
  WEBHOOK_TIMEOUT_MS: { parse: parse.integer(100, 30_000), byDefault: "5000" },
  WEBHOOK_ALLOWED_CIDRS: { parse: parse.orOff(parse.listOf(parse.network)), byDefault: "" },
};

/** docs/configuration.md says what each one means. */
export const common = {
  NODE_ENV: { parse: parse.oneOf("development", "production", "test"), byDefault: "development" },
  LOG_LEVEL: {
    parse: parse.oneOf("trace", "debug", "info", "warn", "error", "silent"),
    byDefault: "info",
  },
  SHUTDOWN_TIMEOUT_MS: { parse: parse.integer(100, 600_000), byDefault: "10000" },
  INSTANCE_ID: { parse: parse.text, byDefault: hostname() },
  BUILD_COMMIT: { parse: parse.text, byDefault: "unknown" },
  ...http,
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
  PAYMENT_BATCH_MAX: { parse: parse.integer(1, 200), byDefault: "200" },
  PAYMENT_MAX_IN_FLIGHT: { parse: parse.integer(1, 100_000), byDefault: "2000" },
  AUTO_PAUSE: { parse: parse.boolean, byDefault: "true" },
  REPUTATION_POINTS: { parse: parse.integer(0, 1_000_000), byDefault: "10" },
  RISK_WORKER_DAILY_AMOUNT: { parse: parse.orOff(parse.amount), byDefault: "" },
  RISK_WORKER_HOURLY_COUNT: { parse: parse.orOff(parse.integer(1, 1_000_000)), byDefault: "" },
  RISK_PLATFORM_DAILY_AMOUNT: { parse: parse.orOff(parse.amount), byDefault: "" },
  // OpenTelemetry's own names; what is not listed here (time-out, compression, certificates) its exporter reads itself.
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    parse: parse.orOff(parse.url("http:", "https:")),
    byDefault: "",
    secret,
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    parse: parse.orOff(parse.url("http:", "https:")),
    byDefault: "",
    secret,
  },
  OTEL_EXPORTER_OTLP_HEADERS: { parse: parse.headers, byDefault: "", secret },
  OTEL_TRACES_SAMPLER: { parse: parse.oneOf(...SAMPLERS), byDefault: "parentbased_always_on" },
  OTEL_TRACES_SAMPLER_ARG: { parse: parse.share, byDefault: "1" },
  OTEL_SERVICE_NAME: { parse: parse.text, byDefault: "gigstream-payments" },
  OTEL_SDK_DISABLED: { parse: parse.boolean, byDefault: "false" },
  SLO_MS: { parse: parse.integer(1, 600_000), byDefault: "3000" },
};

export const payOnce = { PAY_ONCE_ADDRESS: { parse: parse.address } };

export const operators = { CIRCLE_OPERATOR_WALLET_IDS: { parse: parse.listOf(parse.text) } };

export const circle = {
  CIRCLE_API_KEY: { parse: parse.text, secret },
  CIRCLE_ENTITY_SECRET: { parse: parse.hex32, secret },
  CIRCLE_BASE_URL: {
    parse: parse.url("http:", "https:"),
    byDefault: "https://api.circle.com",
  },
  CIRCLE_POSTS_PER_SECOND: { parse: parse.integer(1, 1_000), byDefault: "5" },
  CIRCLE_GETS_PER_SECOND: { parse: parse.integer(1, 1_000), byDefault: "20" },
};

export const arc = {
  ARC_OPERATOR_PRIVATE_KEYS: { parse: parse.listOf(parse.hex32), secret },
  // Nodes keep at most 16 pending transactions of one sender; 12 leaves room for replacements.
  ARC_MAX_IN_FLIGHT: { parse: parse.integer(1, 16), byDefault: "12" },
};

/** Read where HEARTBEAT_PLATFORM is set. */
export const heartbeat = {
  HEARTBEAT_PLATFORM: { parse: parse.text, byDefault: "" },
  HEARTBEAT_WORKER: { parse: parse.text, byDefault: "" },
  HEARTBEAT_EVERY_SECONDS: { parse: parse.integer(10, 86_400), byDefault: "300" },
  HEARTBEAT_AMOUNT: { parse: parse.amount, byDefault: "1" },
  HEARTBEAT_DAILY_AMOUNT: { parse: parse.amount, byDefault: "300" },
};

/** For `gigpay migrate` only: a login that may change the schema, which the service's should not. */
export const migration = {
  DATABASE_MIGRATION_URL: {
    parse: parse.orOff(parse.url("postgres:", "postgresql:")),
    byDefault: "",
    secret,
  },
};

/** For `gigpay setup` and `gigpay operators` only; the service itself never holds these keys. */
export const setup = {
  PAY_ONCE_ADMIN_PRIVATE_KEY: { parse: parse.orOff(parse.hex32), byDefault: "", secret },
  PAYER_PRIVATE_KEYS: { parse: parse.orOff(parse.listOf(parse.hex32)), byDefault: "", secret },
};

/** For the commands of `gigpay` that ask a running service; the service itself reads none of them. */
export const client = {
  GIGPAY_URL: { parse: parse.orOff(parse.url("http:", "https:")), byDefault: "" },
  GIGPAY_API_KEY: { parse: parse.text, byDefault: "", secret },
};

/** Names of those whose values are never shown. */
export const SECRET_SETTINGS: readonly string[] = Object.entries({
  ...common,
  ...circle,
  ...arc,
  ...migration,
  ...setup,
  ...client,
}).flatMap(([name, setting]) => ("secret" in setting ? [name] : []));
