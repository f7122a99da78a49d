import { sql } from "slonik";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PaymentError } from "../../src/errors.ts";
import { payment as paymentSchema } from "../../src/http/schemas/payment.ts";
import { anyRow } from "../../src/database/pool.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { rowsOf } from "../support/read-rows.ts";
import { insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";
import { units } from "../support/acceptance.ts";
import { apiOverDatabase, type DatabaseApi } from "./database-api.ts";

const TASK = { platformId: "acme", workerId: "amy", amount: "50.25", currency: "USDC" };

type Headers = Readonly<Record<string, string>>;

let api: DatabaseApi;
/** Of the platform "acme". */
let own: Headers;
/** Of all platforms. */
let all: Headers;
let made = 0;
/** Each test's own. */
let task: typeof TASK & { taskId: string };

beforeAll(async () => {
  api = await apiOverDatabase();
  const { pool } = api.database;
  await insertPlatform(pool, { id: "acme", taskSource: "event" });
  await insertPlatform(pool, { id: "other", taskSource: "event" });
  await insertWorker(pool, { id: "amy" });
  own = await api.keyFor("acme", ["payments:write", "payments:read"], "acme");
  all = await api.keyFor("all", ["payments:write", "payments:read"]);
});

afterAll(() => api[Symbol.asyncDispose]());

beforeEach(() => {
  task = { ...TASK, taskId: `t${(made += 1)}` };
});

async function post(payload: object, more: Headers = {}, headers: Headers = own) {
  return api.app.inject({
    method: "POST",
    url: "/v1/payments",
    payload,
    headers: { ...headers, ...more },
  });
}

async function get(url: string, headers: Headers = own) {
  return api.app.inject({ url, headers });
}

async function paymentsOf(...taskIds: readonly string[]): Promise<number> {
  const rows = await rowsOf(api.database.pool, "payments");
  return rows.filter((row) => taskIds.includes(String(row["task_id"]))).length;
}

/** As settlement leaves a payment that was paid. */
async function settle(taskId: string): Promise<void> {
  await api.database.pool.query(sql.type(anyRow)`
    UPDATE payments SET state = 'completed', intent = NULL, settled_at = payment_now(), followed_at = payment_now(),
      sent_at = payment_now(), tx_hash = ${`0x${"1".repeat(64)}`}, block_number = 7, log_index = 0
    WHERE task_id = ${taskId}`);
}

test("a task is accepted once: 202, then the same payment again, and found where it says", async () => {
  const first = await post(task);
  expect(first.statusCode).toBe(202);
  const body = paymentSchema.parse(first.json());
  expect(body).toMatchObject({
    id: paymentIdOf("acme", task.taskId),
    state: "planned",
    amount: "50.250000",
    fee: "1.256250",
    netAmount: "48.993750",
    failure: null,
    txHash: null,
    completedAt: null,
  });
  expect(first.headers["location"]).toBe(`/v1/payments/${body.id}`);
  expect(first.headers["idempotent-replayed"]).toBeUndefined();
  const again = await post({ ...task, amount: "50.250000", occurredAt: "2020-01-01T00:00:00Z" });
  expect(again.statusCode).toBe(200);
  expect(again.headers["idempotent-replayed"]).toBe("true");
  expect(again.json()).toEqual(body);
  const found = await get(String(first.headers["location"]));
  expect(found.json()).toMatchObject({ ...body, attempts: [], timeline: expect.any(Array) });
});

test("50 equal requests at once are one payment, 49 repeats and few commits", async () => {
  const before = api.batches.length;
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => post(task, { "idempotency-key": "fifty" })),
  );
  const codes = Map.groupBy(responses, ({ statusCode }) => statusCode);
  expect([codes.get(202)?.length, codes.get(200)?.length]).toEqual([1, 49]);
  const replays = responses.filter(({ headers }) => headers["idempotent-replayed"] === "true");
  expect(replays).toHaveLength(49);
  expect(new Set(responses.map(({ body }) => body)).size).toBe(1);
  expect(await paymentsOf(task.taskId)).toBe(1);
  expect(api.batches.length - before).toBeLessThan(10);
});

test("50 requests that contradict one another are one payment, and 49 conflicts that name it", async () => {
  const responses = await Promise.all(
    Array.from({ length: 50 }, (_, n) => post({ ...task, amount: `${n + 1}` })),
  );
  const refused = responses.filter(({ statusCode }) => statusCode === 409);
  expect(refused).toHaveLength(49);
  expect(responses.filter(({ statusCode }) => statusCode === 202)).toHaveLength(1);
  for (const response of refused) {
    expect(response.json()).toMatchObject({
      code: "idempotency_key_conflict",
      detail: expect.stringContaining("idempotency key"),
      field: "amount",
      paymentId: paymentIdOf("acme", task.taskId),
    });
  }
});

test.each([
  ["idempotency_key_conflict", "taskId", { taskId: "second" }, {}],
  ["task_has_payment", "idempotencyKey", {}, { "idempotency-key": "another" }],
  ["event_id_conflict", "taskId", { taskId: "second", eventId: "same" }, {}],
])("%s: nothing is paid, and the answer names %s", async (code, field, change, headers) => {
  const key = { "idempotency-key": `key of ${code}`.replaceAll(" ", "-") };
  const event = code === "event_id_conflict" ? { eventId: "same" } : {};
  expect((await post({ ...task, ...event }, key)).statusCode).toBe(202);
  const response = await post({ ...task, ...change }, { ...key, ...headers });
  expect(response.json()).toMatchObject({ code, status: 409, field, retryable: false });
  expect(await paymentsOf(task.taskId, "second")).toBe(1);
});

test("what speaks against paying is a failed payment, not a refusal", async () => {
  const { pool } = api.database;
  await insertPlatform(pool, { id: "strict" });
  await insertTasks(pool, [
    { platformId: "strict", id: task.taskId, workerId: "amy", amount: units(49) },
  ]);
  const mismatch = await post({ ...task, platformId: "strict" }, {}, all);
  expect(mismatch.statusCode).toBe(202);
  expect(mismatch.json()).toMatchObject({
    state: "failed",
    failure: { code: "amount_mismatch", retryable: true },
  });
  const doge = await post({ ...task, currency: "DOGE" });
  expect(doge.json()).toMatchObject({ state: "failed", failure: { code: "currency_unsupported" } });
});

test("whoever waits is answered when it ends", async () => {
  const waiting = post(task, { prefer: "wait=9" });
  await expect.poll(() => paymentsOf(task.taskId)).toBe(1);
  await settle(task.taskId);
  api.decided.ring();
  const response = await waiting;
  expect(response.statusCode).toBe(200);
  expect(response.headers["preference-applied"]).toBe("wait=9");
  expect(response.json()).toMatchObject({
    state: "completed",
    explorerUrl: `https://explorer/tx/0x${"1".repeat(64)}`,
  });
  // It has ended already: nobody waits for anything.
  const again = await post(task, { prefer: "respond-async, wait=10000" });
  expect(again.headers["preference-applied"]).toBe("wait=10");
  expect(again.json()).toMatchObject({ state: "completed" });
});

test("whoever waits in vain is told how it stands", async () => {
  const response = await post(task, { prefer: "wait=1" });
  expect(response.statusCode).toBe(202);
  expect(response.json()).toMatchObject({ state: "planned" });
});

test("another platform's payments are not there, in no way of asking", async () => {
  const theirs = { ...task, platformId: "other" };
  for (const payload of [theirs, { ...task, platformId: "nobody" }]) {
    const response = await post(payload);
    expect(response.json()).toMatchObject({
      code: "not_found",
      detail: "There is no such platform.",
    });
  }
  expect(await paymentsOf(task.taskId)).toBe(0);
  const { id } = (await post(theirs, {}, all)).json<{ id: string }>();
  expect((await get(`/v1/payments/${id}`)).json()).toMatchObject({ code: "not_found" });
  const nothing = { data: [], nextCursor: null };
  expect((await get(`/v1/payments?taskId=${task.taskId}`)).json()).toEqual(nothing);
  expect((await get("/v1/payments?platformId=other")).json()).toEqual(nothing);
  expect((await get(`/v1/payments?cursor=${id}`)).json()).toEqual(nothing);
  const found = await get(`/v1/payments?taskId=${task.taskId}`, all);
  expect(found.json<{ data: { id: string }[] }>().data.map((each) => each.id)).toEqual([id]);
});

test.each([
  ["amount", 50, /string/],
  ["amount", "50.1234567", /6 decimals/],
  ["amount", "-1", /above zero/],
  ["amount", "0.000000", /above zero/],
  ["amount", "1e3", /string/],
  ["amount", "123456789012345", /14 digits/],
  ["taskId", "", /visible/],
  ["taskId", "a b", /visible/],
  ["workerId", "ü", /visible/],
  ["platformId", "x".repeat(129), /visible/],
  ["currency", "", /currency/],
  ["occurredAt", "yesterday", /RFC 3339/],
  ["occurredAt", "2026-02-30T00:00:00Z", /RFC 3339/],
  ["occurredAt", 1_700_000_000, /RFC 3339/],
  ["eventId", null, /string/],
])("a wrong %s (%j) is refused with its place", async (field, value, says) => {
  const { errors } = (await post({ ...task, [field]: value })).json<{
    errors: { pointer: string; detail: string }[];
  }>();
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({ in: "body", pointer: `/${field}` });
  expect(errors[0]?.detail).toMatch(says);
});

test("a wrong key or query is refused with its place", async () => {
  const key = await post(task, { "idempotency-key": "a b" });
  expect(key.json()).toMatchObject({ errors: [{ in: "header", pointer: "/Idempotency-Key" }] });
  const wrong = [
    "limit=0",
    "limit=101",
    "limit=1e1",
    "cursor=%20",
    "state=gone",
    "limit=1&limit=2",
  ];
  for (const query of wrong) {
    expect((await get(`/v1/payments?${query}`)).json(), query).toMatchObject({
      code: "invalid_request",
      errors: [{ in: "query" }],
    });
  }
  const cursor = await get("/v1/payments?cursor=nonsense");
  expect(cursor.json()).toMatchObject({ code: "invalid_request" });
});

test("lists page, filter and speak CSV", async () => {
  const names = ["a", "b", "c", "d", "e"].map((letter) => `${task.taskId}${letter}`);
  for (const taskId of names) await post({ ...task, taskId, workerId: "=cmd()" });
  const seen: string[] = [];
  for (let cursor = ""; ;) {
    const page = (await get(`/v1/payments?workerId==cmd()&limit=2${cursor}`)).json<{
      data: { taskId: string }[];
      nextCursor: string | null;
    }>();
    seen.push(...page.data.map(({ taskId }) => taskId));
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  expect(seen).toEqual(names.toReversed());
  const csv = await get("/v1/payments?limit=2", { ...own, accept: "text/csv" });
  expect(csv.headers["content-type"]).toBe("text/csv; charset=utf-8");
  expect(csv.headers["next-cursor"]).toBeDefined();
  const [head = "", row = ""] = csv.body.split("\r\n");
  expect(head.split(",").slice(0, 3)).toEqual(["id", "state", "generation"]);
  expect(row).toContain("'=cmd()");
});

test("a key that is revoked or expired opens nothing any more", async () => {
  const { pool } = api.database;
  const revoked = await api.keyFor("revoked", ["payments:write"]);
  const expired = await api.keyFor("expired", ["payments:write"]);
  expect((await post(task, {}, revoked)).statusCode).toBe(202);
  await pool.query(sql.type(anyRow)`
    UPDATE api_keys SET revoked_at = payment_now() WHERE name = 'revoked'`);
  await pool.query(sql.type(anyRow)`
    UPDATE api_keys SET created_at = payment_now() - interval '2 days',
      expires_at = payment_now() - interval '1 day' WHERE name = 'expired'`);
  const none = { code: "unauthenticated", status: 401 };
  expect((await post(task, {}, expired)).json()).toMatchObject(none);
  await expect
    .poll(async () => (await post(task, {}, revoked)).json(), { timeout: 5_000 })
    .toMatchObject(none);
});

test("a token is nowhere in the database, and half of one opens nothing", async () => {
  const { authorization = "" } = own;
  // The secret may have underscores of its own.
  const secret = authorization.split("_").slice(2).join("_");
  expect(secret).toHaveLength(43);
  const rows = await api.database.pool.any(sql.type(anyRow)`
    SELECT k::text FROM api_keys k UNION ALL SELECT a::text FROM audit_log a`);
  expect(JSON.stringify(rows)).toContain("key.created");
  expect(JSON.stringify(rows)).not.toContain(secret);
  const other = `${authorization.slice(0, -1)}${authorization.endsWith("A") ? "B" : "A"}`;
  for (const wrong of [other, authorization.slice(0, -1), `${authorization}A`]) {
    const response = await post(task, {}, { authorization: wrong });
    expect(response.json()).toMatchObject({ code: "unauthenticated" });
  }
});

test("a database that goes away in the commit is 503 and may be asked again", async () => {
  const lost = new PaymentError("DATABASE_UNAVAILABLE", "reconcile", "connection lost");
  await using broken = await apiOverDatabase({ accept: () => () => Promise.reject(lost) });
  const headers = await broken.keyFor("k", ["payments:write"]);
  const response = await broken.app.inject({
    method: "POST",
    url: "/v1/payments",
    payload: task,
    headers,
  });
  expect(response.json()).toMatchObject({ code: "database_unavailable", retryable: true });
  expect(response.headers["retry-after"]).toBe("1");
});
