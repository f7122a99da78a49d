import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";

const GIGPAY = fileURLToPath(new URL("../../src/cli/gigpay.ts", import.meta.url));
const TIMEOUT_MS = 30_000;
/** Nothing listens on port 1. */
const NOBODY = "postgres://u:secret-canary@127.0.0.1:1/none";

let db: FreshDatabase;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function gigpay(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env["PATH"] ?? "", ...env }, timeout: TIMEOUT_MS };
    const child = execFile(process.execPath, [GIGPAY, ...args], options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

beforeAll(async () => {
  db = await freshDatabase();
});

test("wrong usage exits 2 and says how to go on", async () => {
  const { code, stderr } = await gigpay(["nope"]);
  expect(code).toBe(2);
  expect(stderr).toContain("gigpay --help");
});

test("wrong settings exit 3, all at once, nothing on stdout, no secret shown", async () => {
  const { code, stdout, stderr } = await gigpay(["serve"], {
    PAYMENT_RAIL: "arc",
    PAYMENT_FEE_PERCENTAGE: "2,5",
    ARC_OPERATOR_PRIVATE_KEYS: "secret-canary",
  });
  expect(code).toBe(3);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/\d+ settings are wrong\. Nothing was started\./);
  expect(stderr).toContain("DATABASE_URL");
  expect(stderr).toContain("write 2.5");
  expect(stderr).not.toContain("secret-canary");
});

test("a database that is away exits 4, without its password", async () => {
  const { code, stdout, stderr } = await gigpay(["keys", "list"], { DATABASE_URL: NOBODY });
  expect(code).toBe(4);
  expect(stdout + stderr).not.toContain("secret-canary");
});

test("migrate --check exits 0 when nothing is pending", async () => {
  const { code, stdout } = await gigpay(["migrate", "--check"], { DATABASE_URL: db.url });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "up to date\n" });
});
