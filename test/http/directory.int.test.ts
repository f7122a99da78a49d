import { sql } from "slonik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { readSecrets } from "../../src/directory/platform-secret.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { addressOf } from "../support/seed.ts";
import { apiOverDatabase, type DatabaseApi } from "./database-api.ts";

type Headers = Readonly<Record<string, string>>;
type Json = Record<string, unknown>;

let api: DatabaseApi;
let all: Headers;
let own: Headers;

beforeAll(async () => {
  api = await apiOverDatabase();
  all = await api.keyFor("all", ["directory:write", "payments:read", "payments:write"]);
  await call("PUT", "/v1/platforms/acme", platform);
  await call("PUT", "/v1/platforms/other", platform);
  own = await api.keyFor("own", ["directory:write", "payments:read", "payments:write"], "acme");
});

afterAll(() => api[Symbol.asyncDispose]());

const platform = { name: "Acme", walletAddress: addressOf("acme"), taskSource: "directory" };

async function call(
  method: "GET" | "PUT" | "POST",
  url: string,
  payload?: object,
  headers: Headers = all,
): Promise<{ status: number; body: Json }> {
  const response = await api.app.inject({ method, url, headers, ...(payload && { payload }) });
  return { status: response.statusCode, body: response.json<Json>() };
}

async function audited(action: string): Promise<readonly Json[]> {
  const row = z.object({ actor: z.string(), details: z.record(z.string(), z.unknown()) });
  return api.database.pool.any(sql.type(row)`
    SELECT actor, details FROM audit_log WHERE action = ${action} ORDER BY id`);
}

test("a platform is created with a secret that is shown once; a repeat changes nothing", async () => {
  const wanted = { ...platform, name: "New", feePercentage: "2.5" };
  const created = await call("PUT", "/v1/platforms/new", wanted);
  expect(created).toMatchObject({
    status: 201,
    body: {
      id: "new",
      feePercentage: "2.5",
      webhookSecret: expect.stringMatching(/^whsec_.{44}$/),
    },
  });
  const again = await call("PUT", "/v1/platforms/new", wanted);
  expect(again).toMatchObject({ status: 200, body: { webhookSecret: null } });
  const changed = await call("PUT", "/v1/platforms/new", { ...wanted, feePercentage: null });
  expect(changed.body).toMatchObject({ feePercentage: null, webhookSecret: null });
  const changes = await audited("platform.changed");
  expect(changes).toMatchObject([
    { actor: "key:all", details: { platformId: "new", before: { feePercentage: "2.5000" } } },
  ]);
  const shown = await call("GET", "/v1/platforms/new");
  expect(shown.body).not.toHaveProperty("webhookSecret");
});

test("a rotated secret works beside the new one", async () => {
  const { body } = await call("POST", "/v1/platforms/acme/rotate-secret", undefined, own);
  const secrets = await readSecrets(api.database.pool, "acme");
  expect(secrets).toHaveLength(2);
  expect(secrets[0]).toBe(body["webhookSecret"]);
  expect(await call("POST", "/v1/platforms/nobody/rotate-secret")).toMatchObject({ status: 404 });
  expect(await call("POST", "/v1/platforms/other/rotate-secret", undefined, own)).toMatchObject({
    status: 404,
  });
});

test("a worker's wallet is set by a key for all platforms alone, and each change of it is audited", async () => {
  const wallet = addressOf("amy");
  const put = (payload: object, headers = all) => call("PUT", "/v1/workers/amy", payload, headers);
  expect(await put({ walletAddress: wallet }, own)).toMatchObject({
    status: 403,
    body: { code: "insufficient_scope" },
  });
  expect(await put({ walletAddress: wallet.replace("0x", "0X") })).toMatchObject({ status: 400 });
  expect(await put({ walletAddress: wallet, name: "Amy" })).toMatchObject({ status: 201 });
  expect(await put({ walletAddress: wallet, name: "Amy" })).toMatchObject({ status: 200 });
  const moved = { walletAddress: addressOf("amy 2").toUpperCase().replace("0X", "0x") };
  expect(await put(moved)).toMatchObject({
    status: 200,
    body: { walletAddress: addressOf("amy 2"), name: null, reputation: 0 },
  });
  expect(await audited("worker.wallet_changed")).toMatchObject([
    { details: { workerId: "amy", before: wallet, after: addressOf("amy 2") } },
  ]);
});

test.each(["a\u0000b", " ", "\u0000"])("a name must be one that can be kept: %j", async (name) => {
  const wanted = { walletAddress: addressOf("nul"), name };
  expect(await call("PUT", "/v1/workers/nul", wanted)).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/name" }] },
  });
  expect(await call("GET", "/v1/workers/nul")).toMatchObject({ status: 404 });
});

test("a bulk of workers has an outcome each, in order", async () => {
  const row = (id: string, wallet: string) => ({ id, walletAddress: addressOf(wallet) });
  await call("PUT", "/v1/workers/bulk", { items: [row("b1", "b1"), row("b2", "b2")] });
  const items = [
    row("b2", "moved"),
    row("b3", "b3"),
    row("b1", "b1"),
    row("b4", "x"),
    row("b4", "y"),
  ];
  const { body } = await call("PUT", "/v1/workers/bulk", { items });
  expect(body).toMatchObject({ created: 1, updated: 1, unchanged: 1, rejected: 2 });
  expect((body["results"] as Json[]).map(({ status }) => status)).toEqual(
    "updated created unchanged rejected rejected".split(" "),
  );
  const many = Array.from({ length: 501 }, (_, n) => row(`m${n}`, "m"));
  expect(await call("PUT", "/v1/workers/bulk", { items: many })).toMatchObject({ status: 400 });
});

const task = {
  platformId: "acme",
  workerId: "amy",
  amount: "50",
  currency: "USDC",
  status: "completed",
};

test("a task with a payment keeps what that was made of", async () => {
  await call("PUT", "/v1/workers/amy", { walletAddress: addressOf("amy") });
  const put = (change: object = {}) =>
    call("PUT", "/v1/tasks/t1", { ...task, status: "assigned", ...change }, own);
  expect(await put()).toMatchObject({
    status: 201,
    body: { amount: "50.000000", paymentId: null },
  });
  expect(await put({ amount: "60" })).toMatchObject({ status: 200, body: { amount: "60.000000" } });
  expect(await put({ amount: "50", status: "completed" })).toMatchObject({ status: 200 });
  const { status: _, ...paid } = { ...task, taskId: "t1" };
  expect(await call("POST", "/v1/payments", paid, own)).toMatchObject({ status: 202 });
  const paymentId = paymentIdOf("acme", "t1");
  expect(await put({ status: "completed" })).toMatchObject({ status: 200, body: { paymentId } });
  for (const change of [{ amount: "49", status: "completed" }, { status: "cancelled" }]) {
    expect(await put(change)).toMatchObject({
      status: 409,
      body: { code: "task_has_payment", paymentId, field: Object.keys(change)[0] },
    });
  }
});

test("another platform's tasks are neither written nor seen", async () => {
  expect(await call("PUT", "/v1/tasks/t2", { ...task, platformId: "other" }, own)).toMatchObject({
    status: 404,
  });
  await call("PUT", "/v1/tasks/t2", { ...task, platformId: "other" });
  expect(await call("GET", "/v1/tasks/t2", undefined, own)).toMatchObject({ status: 404 });
  expect(await call("GET", "/v1/tasks/t2?platformId=other", undefined, own)).toMatchObject({
    status: 404,
  });
  expect(await call("GET", "/v1/tasks/t2?platformId=other")).toMatchObject({ status: 200 });
  expect(await call("GET", "/v1/tasks/t2")).toMatchObject({ status: 400 });
  expect(await call("GET", "/v1/platforms/other", undefined, own)).toMatchObject({ status: 404 });
  const items = [
    { id: "t3", ...task },
    { id: "t4", ...task, platformId: "other" },
    { id: "t5", ...task, platformId: "nobody" },
  ];
  const { body } = await call("PUT", "/v1/tasks/bulk", { items }, own);
  expect(body).toMatchObject({ created: 1, rejected: 2 });
  expect((body["results"] as Json[]).slice(1).map(({ problem }) => problem)).toMatchObject([
    { code: "not_found", field: "platformId" },
    { code: "not_found", field: "platformId" },
  ]);
});

test("a bulk of payments pays its good items, whatever their neighbours are", async () => {
  await call("PUT", "/v1/workers/amy", { walletAddress: addressOf("amy") });
  const good = ["p1", "p2"].map((id) => ({ id, ...task }));
  await call("PUT", "/v1/tasks/bulk", { items: good });
  const item = (taskId: string, change: object = {}) => {
    const { status: _, ...rest } = task;
    return { ...rest, taskId, ...change };
  };
  const items = [
    item("p1", { idempotencyKey: "first" }),
    item("p1", { amount: 50 }),
    "nonsense",
    item("p2"),
    item("p9", { platformId: "other" }),
    item("p1", { idempotencyKey: "first" }),
    item("p1", { amount: "49", idempotencyKey: "first" }),
  ];
  const { status, body } = await call("POST", "/v1/payments/bulk", { items }, own);
  expect(status).toBe(202);
  expect(body).toMatchObject({ accepted: 2, duplicates: 1, rejected: 4 });
  expect((body["results"] as Json[]).map((each) => each["status"])).toEqual(
    "accepted rejected rejected accepted rejected duplicate rejected".split(" "),
  );
  expect((body["results"] as Json[])[1]).toMatchObject({
    problem: { code: "invalid_request", message: expect.stringContaining("/amount") },
  });
  expect((body["results"] as Json[])[4]).toMatchObject({ problem: { code: "not_found" } });
  const again = await call("POST", "/v1/payments/bulk", { items }, own);
  expect(again.body).toMatchObject({ accepted: 0, duplicates: 3, bulkId: body["bulkId"] });
  const found = await call("GET", `/v1/payments?bulkId=${String(body["bulkId"])}`, undefined, own);
  expect(found.body["data"]).toHaveLength(2);
  expect(await call("POST", "/v1/payments/bulk", { items: [] }, own)).toMatchObject({
    status: 400,
  });
});

test("a worker's payments and sums are those of the key's platform", async () => {
  const mine = await call("GET", "/v1/workers/amy/stats", undefined, own);
  expect(mine.body).toMatchObject({ workerId: "amy", total: 3, inProgress: 3, successRate: null });
  const payments = await call("GET", "/v1/workers/amy/payments?limit=2", undefined, own);
  expect(payments.body["data"]).toHaveLength(2);
  expect(payments.body["nextCursor"]).toEqual(expect.any(String));
  expect((await call("GET", "/v1/workers/amy", undefined, own)).status).toBe(200);
  const strangers = await api.keyFor("strangers", ["payments:read"], "other");
  expect(await call("GET", "/v1/workers/amy", undefined, strangers)).toMatchObject({ status: 404 });
  expect((await call("GET", "/v1/workers/amy/stats", undefined, strangers)).body).toMatchObject({
    total: 0,
    byCurrency: [],
  });
});
