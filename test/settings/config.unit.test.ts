import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeConfig, loadConfig } from "../../src/config.ts";
import { NO_CONTRACT } from "../../src/payment/method.ts";

const valid = {
  DATABASE_URL: "postgres://u:p@db/pay",
  KAFKA_BROKERS: "k1:9092,k2:9092",
  SCHEMA_REGISTRY_URL: "http://registry/",
  PAYMENT_RAIL: "arc",
  PAY_ONCE_ADDRESS: `0x${"Ab".repeat(20)}`,
  ARC_RPC_URL: "http://a,http://b",
  ARC_CHAIN_ID: "5042002",
  ARC_OPERATOR_PRIVATE_KEYS: "11".repeat(32),
};

function complaint(environment: Record<string, string>): string {
  try {
    loadConfig(environment);
  } catch (error) {
    return String(error);
  }
  throw new Error("the configuration was accepted");
}

test("a complete environment becomes typed settings with defaults", () => {
  const config = loadConfig(valid);
  expect(config.KAFKA_BROKERS).toEqual(["k1:9092", "k2:9092"]);
  expect(config.SCHEMA_REGISTRY_URL).toBe("http://registry");
  expect(config.PAY_ONCE_ADDRESS).toBe(`0x${"ab".repeat(20)}`);
  expect(config.PAYMENT_RETRY_DELAYS_MS).toEqual([2000, 4000, 6000]);
  expect(config.PAYMENT_MAX_AMOUNT).toBe(10_000_000_000n);
  expect(config.PAYMENT_FEE_PERCENTAGE).toBe(0n);
  expect(config.tokens.USDC).toBe("0x3600000000000000000000000000000000000000");
  expect(config.railSettings.rail).toBe("arc");
});

test("every wrong setting is listed at once, with what to write instead", () => {
  const { DATABASE_URL: _omitted, ...rest } = valid;
  const text = complaint({
    ...rest,
    PAYMENT_FEE_PERCENTAGE: "2,5",
    PAYMENT_FEE_PERCENT: "2.5",
    PAYMENT_MIN_AMOUNT: "0.0000001",
  });
  expect(text).toContain("4 settings are wrong. Nothing was started.");
  expect(text).toMatch(/DATABASE_URL +missing/);
  expect(text).toMatch(/PAYMENT_FEE_PERCENTAGE +"2,5" is not a number 0–100.*write 2\.5/);
  expect(text).toMatch(/PAYMENT_FEE_PERCENT +unknown; did you mean PAYMENT_FEE_PERCENTAGE\?/);
  expect(text).toMatch(/PAYMENT_MIN_AMOUNT +"0\.0000001" is not an amount/);
});

test("a rail demands exactly its own settings", () => {
  const text = complaint({ ...valid, PAYMENT_RAIL: "circle" });
  expect(text).toMatch(/CIRCLE_API_KEY +missing/);
  expect(text).toMatch(/CIRCLE_ENTITY_SECRET +missing/);
  expect(text).toMatch(/CIRCLE_OPERATOR_WALLET_IDS +missing/);
  expect(text).not.toContain("ARC_OPERATOR_PRIVATE_KEYS");
});

test("plain transfers need Circle, but neither a contract nor operator wallets", () => {
  const { PAY_ONCE_ADDRESS: _, ARC_OPERATOR_PRIVATE_KEYS: __, ...rest } = valid;
  const circle = { CIRCLE_API_KEY: "TEST:1:2", CIRCLE_ENTITY_SECRET: "22".repeat(32) };
  const config = loadConfig({
    ...rest,
    ...circle,
    PAYMENT_RAIL: "circle",
    PAYMENT_METHOD: "transfer",
  });
  expect(config.PAY_ONCE_ADDRESS).toBe(NO_CONTRACT);
  expect(complaint({ ...valid, PAYMENT_METHOD: "transfer" })).toMatch(
    /PAYMENT_METHOD +"transfer" goes with PAYMENT_RAIL=circle only/,
  );
});

test("a secret's value is never shown, neither in a complaint nor in the printed configuration", () => {
  const canary = "canary-4711-not-hex";
  expect(complaint({ ...valid, ARC_OPERATOR_PRIVATE_KEYS: canary })).not.toContain(canary);
  const printed = JSON.stringify(describeConfig({ ...valid, CIRCLE_API_KEY: canary }));
  expect(printed).not.toContain(canary);
  expect(printed).toContain("(set)");
});

test("a secret may stand in a file", () => {
  const directory = mkdtempSync(join(tmpdir(), "config-"));
  const file = join(directory, "key");
  writeFileSync(file, `${"22".repeat(32)}\n`);
  const { ARC_OPERATOR_PRIVATE_KEYS: _omitted, ...rest } = valid;
  const config = loadConfig({ ...rest, ARC_OPERATOR_PRIVATE_KEYS_FILE: file });
  rmSync(directory, { recursive: true });
  expect(config.railSettings).toMatchObject({
    ARC_OPERATOR_PRIVATE_KEYS: [`0x${"22".repeat(32)}`],
  });
});

test("production must say whether Kafka is spoken to over TLS", () => {
  expect(complaint({ ...valid, NODE_ENV: "production" })).toMatch(/KAFKA_SSL +missing/);
});

test("a heartbeat is off unless its platform is named, and then complete and within its daily bound", () => {
  expect(loadConfig(valid).heartbeat).toBeNull();
  expect(loadConfig({ ...valid, HEARTBEAT_WORKER: "w" }).heartbeat).toBeNull();
  const named = { ...valid, HEARTBEAT_PLATFORM: "ourselves", HEARTBEAT_WORKER: "w" };
  expect(loadConfig(named).heartbeat).toEqual({
    platformId: "ourselves",
    workerId: "w",
    everySeconds: 300,
    amount: 1_000_000n,
    currency: "USDC",
  });
  expect(complaint({ ...named, HEARTBEAT_WORKER: "" })).toMatch(/HEARTBEAT_WORKER +missing/);
  expect(complaint({ ...named, HEARTBEAT_EVERY_SECONDS: "60" })).toMatch(
    /HEARTBEAT_EVERY_SECONDS +lets 1440\.000000 a day be paid, above HEARTBEAT_DAILY_AMOUNT/,
  );
  expect(complaint({ ...named, HEARTBEAT_AMOUNT: "0.5" })).toMatch(
    /HEARTBEAT_AMOUNT +is not between/,
  );
  expect(complaint({ ...valid, HEARTBEAT_PLATFROM: "x" })).toMatch(
    /did you mean HEARTBEAT_PLATFORM/,
  );
});
