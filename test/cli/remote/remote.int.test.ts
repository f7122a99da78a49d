/** The commands that ask a running service, against the real API over a real database; nothing sends. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Purses } from "../../../src/http/purses.ts";
import { SCOPES } from "../../../src/keys/scopes.ts";
import { paymentIdOf } from "../../../src/payment/ids.ts";
import { apiOverDatabase, type DatabaseApi } from "../../http/database-api.ts";
import { taskCompleted } from "../../support/acceptance.ts";
import { becomeLetter } from "../../support/dead-letters.ts";
import { gigpayHere } from "../../support/gigpay-here.ts";
import { rowsOf } from "../../support/read-rows.ts";
import { insertPlatform, insertWorker } from "../../support/seed.ts";

const because = ["--reason", "a test", "--yes"];

/** No chain stands behind this API. */
const NO_PURSES: Purses = {
  tokens: [],
  spender: null,
  isPayer: () => true,
  reader: { read: async () => [] },
};

let api: DatabaseApi;
let url: string;
let token: string;
let folder: string;

beforeAll(async () => {
  api = await apiOverDatabase({ deps: { purses: NO_PURSES } });
  url = await api.app.listen({ port: 0, host: "127.0.0.1" });
  const { pool } = api.database;
  await insertPlatform(pool, { id: "acme", taskSource: "event" });
  await insertWorker(pool, { id: "amy" });
  token = await tokenOf("ada", SCOPES);
  folder = await mkdtemp(join(tmpdir(), "gigpay-"));
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function tokenOf(name: string, scopes: Parameters<DatabaseApi["keyFor"]>[1]) {
  return (await api.keyFor(name, scopes)).authorization.replace("Bearer ", "");
}

const ask = (...args: readonly string[]) =>
  gigpayHere(args, { GIGPAY_URL: url, GIGPAY_API_KEY: token });

const payArgs = (task: string, change: { currency?: string; amount?: string } = {}) => {
  const { currency = "USDC", amount = "50" } = change;
  const what = ["--platform", "acme", "--task", task, "--worker", "amy"];
  return ["pay", ...what, "--amount", amount, "--currency", currency, "--yes"];
};

async function fetched(path: string): Promise<unknown> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  return response.json();
}

test("pay prints the payment as the API has it and exits 8 while it is on its way; again it is the same one", async () => {
  const first = await ask(...payArgs("t1"), "--json");
  expect(first).toMatchObject({ code: 8, stderr: expect.stringContaining("do not pay it") });
  const id = paymentIdOf("acme", "t1");
  expect(JSON.parse(first.stdout)).toMatchObject({ id, state: "planned", netAmount: "48.750000" });
  const again = await ask(...payArgs("t1"), "--json");
  expect(again.stdout).toBe(first.stdout);
  expect(again.stderr).toContain("had its payment already");
  const shown = await ask("get", id, "--json");
  expect(JSON.parse(shown.stdout)).toEqual(await fetched(`/v1/payments/${id}`));
  expect(shown.code).toBe(8);
});

test("a payment that has failed exits 7; one that contradicts another, or that there is not, 5", async () => {
  expect(await ask(...payArgs("t2", { currency: "DOGE" }))).toMatchObject({
    code: 7,
    stdout: expect.stringMatching(/^failure +currency_unsupported: /m),
  });
  const conflict = await ask(...payArgs("t2", { amount: "51" }), "--json");
  expect(conflict.code).toBe(5);
  expect(JSON.parse(conflict.stdout)).toMatchObject({
    code: "idempotency_key_conflict",
    paymentId: paymentIdOf("acme", "t2"),
  });
  expect(await ask("get", paymentIdOf("acme", "nobody"))).toMatchObject({
    code: 5,
    stdout: "",
    stderr: expect.stringContaining("not_found: "),
  });
});

test("nothing is changed where nobody can be asked, without a reason, or with what cannot be meant", async () => {
  const id = paymentIdOf("acme", "t2");
  const before = await rowsOf(api.database.pool, "audit_log");
  const wrong = [
    payArgs("t3").filter((word) => word !== "--yes"),
    ["pause", "--reason", "a test"],
    ["pause", "--yes"],
    ["retry", id, "--reason", "a test"],
    ["dead-letters", "replay", ...because],
    ["review", "resolve", id, "--decision", "cancel", "--expected-generation", "1", "--tx", "0x1"],
    ["list", "--state", "lost"],
    ["get", "t2"],
  ];
  for (const args of wrong) {
    expect({ args, ...(await ask(...args)) }).toMatchObject({ args, code: 2, stdout: "" });
  }
  expect(await rowsOf(api.database.pool, "audit_log")).toEqual(before);
  const malformed = await ask(...payArgs("t3", { amount: "50.1234567" }));
  expect(malformed).toMatchObject({ code: 2, stderr: expect.stringContaining("body/amount: ") });
});

test("a key that may not exits 6, none 3, and a service that is away 4, without showing the key", async () => {
  const reader = await tokenOf("reader", ["payments:read"]);
  const as = (key: string, at = url) => ({ GIGPAY_URL: at, GIGPAY_API_KEY: key });
  expect(await gigpayHere(["pause", ...because], as(reader))).toMatchObject({
    code: 6,
    stderr: expect.stringContaining("insufficient_scope"),
  });
  expect(await gigpayHere(["list"], as("gsp_wrong"))).toMatchObject({ code: 6 });
  expect(await gigpayHere(["list"], { GIGPAY_URL: url })).toMatchObject({ code: 3 });
  const away = await gigpayHere(["list"], as("gsp_canary", "http://127.0.0.1:1"));
  expect(away).toMatchObject({ code: 4, stdout: "" });
  expect(away.stderr).not.toContain("gsp_canary");
  const file = join(folder, "key");
  await writeFile(file, `${reader}\n`);
  const flags = ["list", "--limit", "1", "--url", url, "--api-key-file", file];
  expect(await gigpayHere(flags, {})).toMatchObject({ code: 0 });
});

test("a list is a document a line, up to its limit, over more than one page", async () => {
  const path = join(folder, "many.ndjson");
  const item = (n: number) => ({ platformId: "acme", taskId: `m${n}`, workerId: "amy" });
  const lines = Array.from({ length: 105 }, (_, n) =>
    JSON.stringify({ ...item(n), amount: "2", currency: "USDC" }),
  );
  await writeFile(path, lines.join("\n"));
  expect(await ask("bulk", path, "--yes")).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringContaining("105 accepted, 0 duplicates, 0 rejected"),
  });
  const list = await ask("list", "--worker", "amy", "--limit", "103", "--json");
  const ids = list.stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { id: string }).id);
  expect(new Set(ids).size).toBe(103);
  expect(list.stderr).toContain("there are more");
  const none = await ask("list", "--worker", "nobody");
  expect(none).toEqual({ code: 0, stdout: "", stderr: "no payments\n" });
  const worker = await ask("worker", "amy", "--json");
  expect(JSON.parse(worker.stdout)).toEqual(await fetched("/v1/workers/amy/earnings"));
});

test("a bulk has an outcome for each line, is safe to repeat, and pays nobody where a line cannot be read", async () => {
  const usual = { platformId: "acme", workerId: "amy", amount: "3.5", currency: "USDC" };
  const task = (taskId: string, change: object = {}) =>
    JSON.stringify({ ...usual, taskId, ...change });
  const path = join(folder, "some.ndjson");
  await writeFile(path, [task("b1"), "", task("b2", { amount: "0" }), task("b3")].join("\n"));
  const dry = await ask("bulk", path, "--dry-run");
  expect(dry.stdout).toBe("3 items, 7.000000 USDC; nothing was sent\n");
  const sent = await ask("bulk", path, "--yes", "--json");
  const outcomes = (stdout: string) =>
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
  expect(sent.code).toBe(5);
  expect(outcomes(sent.stdout)).toMatchObject([
    { line: 1, taskId: "b1", status: "accepted", problem: null },
    { line: 3, taskId: "b2", status: "rejected", problem: { code: "invalid_request" } },
    { line: 4, taskId: "b3", status: "accepted", problem: null },
  ]);
  const again = await ask("bulk", path, "--yes", "--json");
  expect(outcomes(again.stdout)).toMatchObject([
    { status: "duplicate" },
    { status: "rejected" },
    { status: "duplicate" },
  ]);
  await writeFile(path, [task("b4"), task("b5", { amount: 5 })].join("\n"));
  expect(await ask("bulk", path, "--yes")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("line 2: amount must be a string"),
  });
  const payments = await rowsOf(api.database.pool, "payments");
  expect(payments.map((payment) => payment["task_id"])).not.toContain("b4");
});

test("pausing twice is refused, one platform is paused by itself, and the key's name stands in the audit log", async () => {
  expect(await ask("pause", ...because)).toMatchObject({
    code: 0,
    stdout: "everything is paused\n",
  });
  expect(await ask("pause", ...because)).toMatchObject({
    code: 5,
    stdout: "everything was paused already\n",
  });
  expect((await ask("resume", ...because)).code).toBe(0);
  const one = await ask("pause", "--platform", "acme", ...because, "--json");
  expect(JSON.parse(one.stdout)).toEqual({ scope: "acme", state: "paused", changed: true });
  expect((await ask("resume", "--platform", "acme", ...because)).code).toBe(0);
  expect(await ask("pause", "--platform", "acm", ...because)).toMatchObject({ code: 5 });
  expect((await rowsOf(api.database.pool, "audit_log")).slice(-2)).toMatchObject([
    { actor: "key:ada", action: "dispatch.paused", details: { scope: "acme", reason: "a test" } },
    { actor: "key:ada", action: "dispatch.resumed" },
  ]);
});

test("what the state of a payment forbids is refused, with the problem as the document", async () => {
  const id = paymentIdOf("acme", "t2");
  const generation = ["--expected-generation", "1"];
  const retried = await ask("retry", id, ...generation, ...because, "--json");
  expect(retried.code).toBe(5);
  expect(JSON.parse(retried.stdout)).toMatchObject({ code: "would_fail_again", generation: 1 });
  const decision = ["--decision", "cancel", ...generation, ...because];
  expect(await ask("review", "resolve", id, ...decision)).toMatchObject({
    code: 5,
    stdout: "",
    stderr: expect.stringContaining("payment_not_in_review"),
  });
  expect(await ask("review", "list")).toEqual({
    code: 0,
    stdout: "",
    stderr: "no payment is in review\n",
  });
});

test("dead letters are listed, shown, replayed and discarded one by one; what is closed stays closed", async () => {
  const unknown = await becomeLetter(api.acceptance, taskCompleted({ platformId: "nowhere" }));
  const garbage = await becomeLetter(api.acceptance, "garbage");
  const list = await ask("dead-letters", "list", "--platform", "nowhere", "--json");
  expect(JSON.parse(list.stdout)).toMatchObject({ id: unknown, code: "platform_unknown" });
  const shown = await ask("dead-letters", "show", garbage, "--json");
  expect(JSON.parse(shown.stdout)).toEqual(await fetched(`/v1/dead-letters/${garbage}`));

  const dry = await ask("dead-letters", "replay", unknown, "--dry-run", "--reason", "a test");
  expect(dry).toMatchObject({ code: 5, stdout: expect.stringContaining("nothing was changed") });
  await insertPlatform(api.database.pool, { id: "nowhere", taskSource: "event" });
  const replay = ["dead-letters", "replay", "--code", "platform_unknown", ...because];
  expect(await ask(...replay)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^replayed +\S+ +new payment [^]*1 replayed, 0 not\n$/),
  });
  const both = await ask("dead-letters", "discard", unknown, garbage, ...because);
  expect(both).toMatchObject({
    code: 5,
    stdout: `refused    ${unknown}  dead_letter_closed: It was replayed before; nothing was changed.\ndiscarded  ${garbage}\n`,
  });
});

test("a webhook endpoint is added, with its secret alone on stdout and this once, tested, and delivered to again", async () => {
  const add = (target: string) => ask("webhooks", "add", target, "--platform", "acme", "--yes");
  expect(await add("https://127.0.0.1:8443/hook")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^whsec_\S+\n$/),
  });
  expect(await add("https://10.0.0.1/hook")).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("webhook_url_forbidden"),
  });
  const list = await ask("webhooks", "list", "--json");
  expect(list.stdout).not.toContain("whsec_");
  const { id } = JSON.parse(list.stdout) as { id: string };
  const tested = await ask("webhooks", "test", id, "--yes", "--json");
  const delivery = JSON.parse(tested.stdout) as { id: string };
  const deliveries = await ask("webhooks", "deliveries", "--endpoint", id, "--json");
  expect(JSON.parse(deliveries.stdout)).toMatchObject({ id: delivery.id, eventType: "test" });
  const redelivered = await ask("webhooks", "redeliver", delivery.id, "--yes");
  expect(redelivered).toMatchObject({ code: 0, stdout: expect.stringContaining("pending") });
});

test("help tells a newcomer what a command does and what its end means", async () => {
  const { code, stdout } = await ask("--help");
  expect(code).toBe(0);
  expect(stdout).toContain("GIGPAY_API_KEY_FILE");
  expect((await ask("pay", "--help")).stdout).toContain("Safe to repeat");
  expect((await ask("review", "resolve", "--help")).stdout).toContain("there is no override");
});
