import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { execute } from "../../sandbox/postgres/postgres-at.ts";
import { startPostgres } from "../../sandbox/postgres/start-postgres.ts";
import { SECRET_SETTINGS } from "../../src/settings/known-settings.ts";

const GIGPAY = fileURLToPath(new URL("../../src/cli/gigpay.ts", import.meta.url));
/** For whoever never ends by itself and never says what is awaited. */
const RUN_MS = 50_000;
/** So many parts of a service say that they are away before it is told to stop. */
const AWAY = 3;

const hex = (digits: string) => digits.repeat(16).slice(0, 64);
/** Every secret setting, with something in it that cannot be there by chance. */
const CANARIES: Readonly<Record<string, string>> = {
  DATABASE_URL: "canary-database-password",
  DATABASE_MIGRATION_URL: "canary-migration-password",
  KAFKA_SASL_PASSWORD: "canary-sasl-password",
  SCHEMA_REGISTRY_PASSWORD: "canary-registry-password",
  ARC_RPC_URL: "canary-rpc-key-in-its-path",
  ARC_WS_URL: "canary-ws-key-in-its-path",
  CIRCLE_API_KEY: "TEST_API_KEY:canary-id:canary-api-secret",
  CIRCLE_ENTITY_SECRET: hex("ca9a41"),
  ARC_OPERATOR_PRIVATE_KEYS: hex("ca9a42"),
  PAY_ONCE_ADMIN_PRIVATE_KEY: hex("ca9a43"),
  PAYER_PRIVATE_KEYS: hex("ca9a44"),
  OTEL_EXPORTER_OTLP_ENDPOINT: "canary-otlp-key-in-its-path",
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "canary-traces-key-in-its-path",
  OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20canary-otlp-token",
  GIGPAY_API_KEY: "gsp_canary_api_key",
};

/** A part that says back whatever it was told, as proxies and debug servers do, and fails. */
const echo = createServer((request, response) => {
  let body = "";
  request.on("data", (bytes: Buffer) => (body += bytes.toString()));
  request.on("end", () => {
    response.statusCode = 500;
    response.end(
      JSON.stringify({
        error: { code: -1, message: `${request.url} ${body}` },
        headers: request.headers,
      }),
    );
  });
});
let port: number;

beforeAll(async () => {
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  ({ port } = echo.address() as AddressInfo);
});

afterAll(() => void echo.close());

function settings(rail: "arc" | "circle"): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  return {
    ...CANARIES,
    DATABASE_URL: `postgres://user:${CANARIES["DATABASE_URL"]}@127.0.0.1:${port}/none`,
    DATABASE_MIGRATION_URL: `postgres://user:${CANARIES["DATABASE_MIGRATION_URL"]}@127.0.0.1:1/none`,
    KAFKA_BROKERS: `127.0.0.1:${port}`,
    KAFKA_SSL: "false",
    KAFKA_SASL_MECHANISM: "plain",
    KAFKA_SASL_USERNAME: "user",
    SCHEMA_REGISTRY_URL: url,
    SCHEMA_REGISTRY_USERNAME: "user",
    PAYMENT_RAIL: rail,
    PAY_ONCE_ADDRESS: `0x${"11".repeat(20)}`,
    ARC_RPC_URL: `${url}/v3/${CANARIES["ARC_RPC_URL"]}`,
    ARC_WS_URL: `ws://127.0.0.1:${port}/v3/${CANARIES["ARC_WS_URL"]}`,
    ARC_CHAIN_ID: "5042002",
    CIRCLE_BASE_URL: url,
    CIRCLE_OPERATOR_WALLET_IDS: "wallet",
    OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/${CANARIES["OTEL_EXPORTER_OTLP_ENDPOINT"]}`,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/${CANARIES["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]}`,
    GIGPAY_URL: url,
    METRICS_PORT: "0",
    LOG_LEVEL: "trace",
  };
}

function run(args: readonly string[], env: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const options = {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      timeout: RUN_MS,
      maxBuffer: 1e8,
    };
    const child = execFile(process.execPath, [GIGPAY, ...args], options, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
    let seen = "";
    child.stderr?.on("data", (text: string) => {
      seen += text;
      if (seen.split("is away").length > AWAY) child.kill("SIGTERM");
    });
  });
}

/** Which secrets stand in a text, as they are, in base64 as headers carry them, or as a part of themselves. */
function leaksIn(text: string): string[] {
  const pairs = Object.entries(CANARIES).flatMap(([name, value]) => [
    [name, value],
    [name, Buffer.from(`user:${value}`).toString("base64")],
    [name, encodeURIComponent(value)],
  ]);
  pairs.push(["CIRCLE_API_KEY", "canary-api-secret"]);
  pairs.push(["OTEL_EXPORTER_OTLP_HEADERS", "canary-otlp-token"]);
  return [
    ...new Set(pairs.flatMap(([name = "", value = ""]) => (text.includes(value) ? [name] : []))),
  ];
}

test("the test knows every secret setting, and would itself see a leak", () => {
  expect(Object.keys(CANARIES).sort()).toEqual([...SECRET_SETTINGS].sort());
  expect(leaksIn(`connect to postgres://user:${CANARIES["DATABASE_URL"]}@host`)).toEqual([
    "DATABASE_URL",
  ]);
  expect(
    leaksIn(`Basic ${Buffer.from("user:canary-registry-password").toString("base64")}`),
  ).toEqual(["SCHEMA_REGISTRY_PASSWORD"]);
});

test.each([
  ["serve, while every part fails and says back what it was told", "arc", ["serve"]],
  ["serve, with Circle", "circle", ["serve"]],
  ["doctor", "circle", ["doctor"]],
  ["verify", "arc", ["verify"]],
  ["migrate", "arc", ["migrate"]],
  ["setup", "arc", ["setup"]],
  ["operators", "circle", ["operators", "list"]],
  ["get", "arc", ["get", "00000000-0000-4000-8000-000000000000"]],
  ["config", "circle", ["config", "--print"]],
] as const)("no secret is in what %s writes", { timeout: 60_000 }, async (_, rail, args) => {
  const output = await run(args, settings(rail));
  expect(output).not.toBe("");
  expect(leaksIn(output)).toEqual([]);
});

test("a secret that is wrong is complained about and not shown", async () => {
  const wrong = Object.fromEntries(
    Object.entries(CANARIES).map(([name, value]) => [name, `${value}?`]),
  );
  for (const rail of ["arc", "circle"] as const) {
    const output = await run(["serve"], { ...settings(rail), ...wrong });
    expect(output).toContain("wrong. Nothing was started");
    expect(leaksIn(output)).toEqual([]);
  }
});

test.each([["serve"], ["migrate"], ["verify"]])(
  "no secret is in what %s writes where a real Postgres refuses the password",
  { timeout: 60_000 },
  async (command) => {
    await using stack = new AsyncDisposableStack();
    const postgres = await startPostgres({ fsync: false });
    stack.defer(() => postgres.stop());
    await execute(
      postgres.url,
      `CREATE ROLE canary LOGIN PASSWORD 'another one';
       DO $$ BEGIN
         EXECUTE format('COPY (VALUES (''host all all all scram-sha-256'')) TO %L', current_setting('hba_file'));
       END $$;
       SELECT pg_reload_conf()`,
    );
    const { host } = new URL(postgres.url);
    const refused = (name: "DATABASE_URL" | "DATABASE_MIGRATION_URL") =>
      `postgres://canary:${CANARIES[name]}@${host}/postgres`;
    const output = await run([command], {
      ...settings("arc"),
      DATABASE_URL: refused("DATABASE_URL"),
      DATABASE_MIGRATION_URL: refused("DATABASE_MIGRATION_URL"),
    });
    expect(output).toContain("password authentication failed");
    expect(leaksIn(output)).toEqual([]);
  },
);
