import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const GIGPAY = fileURLToPath(new URL("../../src/cli/gigpay.ts", import.meta.url));
const NOBODY = "127.0.0.1:1";

/** Every part is away, so that it waits. */
const SETTINGS = {
  DATABASE_URL: `postgres://u:p@${NOBODY}/none`,
  KAFKA_BROKERS: NOBODY,
  SCHEMA_REGISTRY_URL: `http://${NOBODY}`,
  PAYMENT_RAIL: "arc",
  PAY_ONCE_ADDRESS: `0x${"11".repeat(20)}`,
  ARC_RPC_URL: `http://${NOBODY}`,
  ARC_CHAIN_ID: "5042002",
  ARC_OPERATOR_PRIVATE_KEYS: "11".repeat(32),
  METRICS_PORT: "0",
};

const isFatal = ({ level }: { level: number }) => level === 60;

/** A bug, wherever it is. */
const BUG = "process.on('SIGUSR2', () => { throw new Error('a bug of ours'); })";

test("a bug that ends the service is said in its log, once, and exit 1", async () => {
  const args = ["--import", `data:text/javascript,${encodeURIComponent(BUG)}`, GIGPAY, "serve"];
  const env = { PATH: process.env["PATH"] ?? "", ...SETTINGS };
  const ended = await new Promise<{ code: number | null; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, args, { env, timeout: 50_000 }, (_, __, stderr) =>
      resolve({ code: child.exitCode, stderr }),
    );
    let seen = "";
    child.stderr?.on("data", (text: string) => {
      const wasStarting = seen.includes('"starting"');
      seen += text;
      if (!wasStarting && seen.includes('"starting"')) child.kill("SIGUSR2");
    });
  });
  expect(ended.code).toBe(1);
  // Not by its place: a line that was being written when the bug struck may reach the pipe after it.
  const lines = ended.stderr.trim().split("\n");
  const fatal = lines.map((line): { level: number } => JSON.parse(line)).filter(isFatal);
  expect(fatal).toMatchObject([
    { level: 60, msg: "a bug ended this process", err: { message: "a bug of ours" } },
  ]);
});
