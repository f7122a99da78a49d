import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { sql } from "slonik";
import { beforeAll, expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { taskCompleted } from "../support/acceptance.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";
import { becomeLetter, replayOver } from "../support/dead-letters.ts";
import { rowsOf } from "../support/read-rows.ts";

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

async function insertFailed(taskId: string): Promise<string> {
  const id = paymentIdOf("p", taskId);
  await db.pool.query(sql.type(anyRow)`
    INSERT INTO payments (id, platform_id, task_id, worker_id, amount, currency, idempotency_key, source_event_id, state,
      failure_code, failure_message, failure_retryable, occurred_at, received_at, settled_at)
    VALUES (${id}::uuid, 'p', ${taskId}, 'w', 3, 'USDC', ${taskId}, ${taskId}, 'failed',
      'task_not_found', 'There is no such task.', true, payment_now(), payment_now(), payment_now())`);
  return id;
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
  const { code, stdout, stderr } = await gigpay(["get", paymentIdOf("p", "t")], {
    DATABASE_URL: NOBODY,
  });
  expect(code).toBe(4);
  expect(stdout + stderr).not.toContain("secret-canary");
});

test("an unknown payment exits 5; a failed one prints one JSON document and exits 7, which is not 8", async () => {
  const env = { DATABASE_URL: db.url };
  expect(await gigpay(["get", paymentIdOf("p", "nobody")], env)).toMatchObject({ code: 5 });
  const { code, stdout } = await gigpay(["get", await insertFailed("bad"), "--json"], env);
  expect(code).toBe(7);
  expect(JSON.parse(stdout)).toMatchObject({
    state: "failed",
    failure: { code: "task_not_found", retryable: true },
  });
});

test("migrate --check exits 0 when nothing is pending", async () => {
  const { code, stdout } = await gigpay(["migrate", "--check"], { DATABASE_URL: db.url });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "up to date\n" });
});

test("pausing twice is refused, resuming lifts it, and both stand in the audit log", async () => {
  const env = { DATABASE_URL: db.url };
  const ask = (action: string) => gigpay([action, "--reason", "a test", "--yes"], env);
  expect((await ask("pause")).code).toBe(0);
  expect((await ask("pause")).code).toBe(5);
  expect((await ask("resume")).code).toBe(0);
  const { rows } = await db.pool.query(sql.type(anyRow)`
    SELECT action FROM audit_log WHERE action LIKE 'dispatch.%' ORDER BY id`);
  expect(rows).toEqual([{ action: "dispatch.paused" }, { action: "dispatch.resumed" }]);
});

test("one platform is paused and resumed by itself, with who and why; one that there is not is refused", async () => {
  const env = { DATABASE_URL: db.url };
  await db.pool.query(sql.type(anyRow)`
    INSERT INTO platforms (id, name, wallet_address, task_source)
    VALUES ('ride', 'ride', ${`0x${"11".repeat(20)}`}, 'directory')`);
  const order = ["--reason", "asked by ride", "--actor", "ada", "--yes", "--json"];
  const ask = (action: string, platform: string) =>
    gigpay([action, "--platform", platform, ...order], env);
  const paused = await ask("pause", "ride");
  expect(paused.code).toBe(0);
  expect(JSON.parse(paused.stdout)).toEqual({ scope: "ride", changed: true, state: "paused" });
  expect(await rowsOf(db.pool, "pauses")).toEqual([
    expect.objectContaining({ scope: "ride", reason: "asked by ride", actor: "operator:ada" }),
  ]);
  expect(await ask("pause", "rid")).toMatchObject({
    code: 5,
    stdout: "",
    stderr: "gigpay: There is no platform rid.\n",
  });
  expect((await ask("resume", "ride")).code).toBe(0);
  expect(await rowsOf(db.pool, "pauses")).toEqual([]);
  expect((await rowsOf(db.pool, "audit_log")).slice(-2)).toMatchObject([
    { actor: "operator:ada", action: "dispatch.paused", details: { scope: "ride" } },
    { actor: "operator:ada", action: "dispatch.resumed", details: { reason: "asked by ride" } },
  ]);
});

test("a change where nobody can be asked needs --yes, and every change a reason: exit 2, nothing changed", async () => {
  const env = { DATABASE_URL: db.url };
  const id = paymentIdOf("p", "any");
  const before = await rowsOf(db.pool, "audit_log");
  for (const change of [["pause"], ["dead-letters", "discard", id]]) {
    const { code, stderr } = await gigpay([...change, "--reason", "a test"], env);
    expect({ code, asks: stderr.includes("--yes") }).toEqual({ code: 2, asks: true });
  }
  const { code, stderr } = await gigpay(["dead-letters", "discard", id, "--yes"], env);
  expect({ code, asks: stderr.includes("--reason") }).toEqual({ code: 2, asks: true });
  expect(await rowsOf(db.pool, "audit_log")).toEqual(before);
});

test("dead letters are listed as one document, and discarded once, with the actor that was named", async () => {
  const env = { DATABASE_URL: db.url };
  const id = await becomeLetter(replayOver(db.pool), taskCompleted({ platformId: "nowhere" }));
  const list = await gigpay(["dead-letters", "list", "--code", "platform_unknown", "--json"], env);
  expect(list.code).toBe(0);
  expect(JSON.parse(list.stdout)).toMatchObject({
    data: [{ id, status: "open", code: "platform_unknown", field: "platformId", offset: "0" }],
    nextCursor: null,
  });
  const discard = () =>
    gigpay(
      ["dead-letters", "discard", id, "--reason", "a test", "--actor", "ada", "--yes", "--json"],
      env,
    );
  const [first, second] = [await discard(), await discard()];
  expect(first.code).toBe(0);
  expect(JSON.parse(first.stdout)).toEqual({
    discarded: 1,
    refused: 0,
    results: [{ deadLetterId: id, status: "discarded", problem: null }],
  });
  expect(second.code).toBe(5);
  expect(JSON.parse(second.stdout)).toMatchObject({
    results: [{ status: "refused", problem: { code: "dead_letter_closed" } }],
  });
  expect((await rowsOf(db.pool, "audit_log")).at(-1)).toMatchObject({
    actor: "operator:ada",
    action: "dead_letter.discarded",
  });
});

test("an empty list of reviews says so, and help tells a newcomer what a decision does", async () => {
  const { code, stdout } = await gigpay(["review", "list"], { DATABASE_URL: db.url });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "no payment is in review\n" });
  const help = await gigpay(["review", "resolve", "--help"]);
  expect(help.code).toBe(0);
  expect(help.stdout).toContain("there is no override");
});
