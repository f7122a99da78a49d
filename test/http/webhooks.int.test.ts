import { sql } from "slonik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { SCOPES } from "../../src/keys/scopes.ts";
import { createAddressRules } from "../../src/webhooks/address-rules.ts";
import { eventIdOf, paymentIdOf } from "../../src/payment/ids.ts";
import { createWake } from "../../src/wake.ts";
import { rowsOf } from "../support/read-rows.ts";
import { insertPlatform, insertWorker } from "../support/seed.ts";
import { apiOverDatabase, type DatabaseApi } from "./database-api.ts";

type Headers = Readonly<Record<string, string>>;
type Json = Record<string, unknown>;
type Method = "GET" | "POST" | "PATCH" | "DELETE";

const ENDPOINTS = "/v1/webhook-endpoints";
const ALL = ["payment.completed", "payment.failed"];
/** What names mean here. */
const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  "public.example": ["1.1.1.1"],
  "private.example": ["10.0.0.1", "fd00::1"],
  "both.example": ["10.0.0.1", "1.1.1.1"],
};

let api: DatabaseApi;
let all: Headers;
let own: Headers;
let others: Headers;

beforeAll(async () => {
  const webhooks = {
    rules: createAddressRules(["192.168.7.0/24"]),
    resolve: async (host: string) =>
      ADDRESSES[host] ?? Promise.reject(new Error(`no address of ${host}`)),
    due: createWake(),
  };
  api = await apiOverDatabase({ deps: { webhooks } });
  const { pool } = api.database;
  await insertPlatform(pool, { id: "acme", taskSource: "event" });
  await insertPlatform(pool, { id: "other", taskSource: "event" });
  await insertPlatform(pool, { id: "full", taskSource: "event" });
  await insertWorker(pool, { id: "amy" });
  all = await api.keyFor("all", SCOPES);
  own = await api.keyFor("own", SCOPES, "acme");
  others = await api.keyFor("others", SCOPES, "other");
});

afterAll(() => api[Symbol.asyncDispose]());

async function call(
  method: Method,
  url: string,
  payload?: object,
  headers: Headers = own,
): Promise<{ status: number; body: Json; text: string }> {
  const response = await api.app.inject({ method, url, headers, ...(payload && { payload }) });
  const { statusCode: status, body: text } = response;
  return { status, text, body: text === "" ? {} : response.json<Json>() };
}

const endpointIn = (changes: Json = {}) => ({
  url: "https://public.example/hook",
  eventTypes: ALL,
  ...changes,
});

async function open(changes: Json = {}, headers = own): Promise<Json> {
  const { status, body } = await call("POST", ENDPOINTS, endpointIn(changes), headers);
  expect(status).toBe(201);
  return body;
}

/** The newest entry. */
const audit = async () => {
  const { id: _, ...entry } = (await rowsOf(api.database.pool, "audit_log")).at(-1) ?? {};
  return entry;
};

test("an endpoint's secret is shown when it is made and never again", async () => {
  const { secret, ...endpoint } = await open({ url: "https://public.example/hook?token=t0ken" });
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(endpoint).toMatchObject({
    platformId: "acme",
    eventTypes: ALL,
    disabled: null,
    failingSince: null,
    previousSecretUntil: null,
  });
  const id = String(endpoint["id"]);
  const shown = await call("GET", `${ENDPOINTS}/${id}`);
  expect(shown).toMatchObject({ status: 200, body: endpoint });
  const listed = await call("GET", ENDPOINTS);
  for (const { text } of [shown, listed]) expect(text).not.toContain("whsec_");
  expect(await audit()).toMatchObject({
    actor: "key:own",
    action: "webhook_endpoint.created",
    details: { platformId: "acme", endpointId: id, host: "public.example", eventTypes: ALL },
  });
  expect(JSON.stringify(await audit()), "a URL may hold a token").not.toContain("t0ken");
});

test.each([
  ["http", "http://public.example/hook"],
  ["a user name", "https://me@public.example/hook"],
  ["another port", "https://public.example:6379/"],
  ["a private address", "https://10.0.0.1/"],
  ["a private address, in disguise", "https://[::ffff:169.254.169.254]/"],
  ["a name with none but private addresses", "https://private.example/"],
  ["what is no URL", "hook"],
])("a URL with %s is refused at once", async (_, url) => {
  const refused = { status: 422, body: { code: "webhook_url_forbidden" } };
  expect(await call("POST", ENDPOINTS, endpointIn({ url }))).toMatchObject(refused);
  const { id } = await open();
  expect(await call("PATCH", `${ENDPOINTS}/${String(id)}`, { url })).toMatchObject(refused);
  await call("DELETE", `${ENDPOINTS}/${String(id)}`);
});

test("a name without an address yet, one with a public one among others, and an allowed network will do", async () => {
  for (const url of [
    "https://not-yet.example/",
    "https://both.example/",
    "http://192.168.7.9:3000/",
  ]) {
    const { id } = await open({ url });
    await call("DELETE", `${ENDPOINTS}/${String(id)}`);
  }
});

test.each([
  ["no event type", { eventTypes: [] }],
  ["an event type twice", { eventTypes: ["payment.failed", "payment.failed"] }],
  ["an event type that nobody asks for", { eventTypes: ["test"] }],
  ["an unknown member", { secret: "whsec_mine" }],
])("%s is malformed", async (_, changes) => {
  expect(await call("POST", ENDPOINTS, endpointIn(changes))).toMatchObject({
    status: 400,
    body: { code: "invalid_request" },
  });
});

test("a key for all platforms says whose endpoint it is; a platform's own never names another's", async () => {
  expect(await call("POST", ENDPOINTS, endpointIn(), all)).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/platformId", code: "missing" }] },
  });
  expect(await open({ platformId: "other" }, all)).toMatchObject({ platformId: "other" });
  const ofNobody = endpointIn({ platformId: "nobody" });
  expect(await call("POST", ENDPOINTS, ofNobody, all)).toMatchObject({ status: 404 });
  const ofOther = endpointIn({ platformId: "other" });
  expect(await call("POST", ENDPOINTS, ofOther)).toMatchObject({ status: 404 });
});

test("another's endpoints and deliveries are not there", async () => {
  const { id } = await open();
  const path = `${ENDPOINTS}/${String(id)}`;
  const { body: delivery } = await call("POST", `${path}/test`);
  const redeliver = `/v1/webhook-deliveries/${String(delivery["id"])}/redeliver`;
  const requests: readonly [Method, string, object?][] = [
    ["GET", path],
    ["PATCH", path, { enabled: false }],
    ["DELETE", path],
    ["POST", `${path}/rotate-secret`],
    ["POST", `${path}/test`],
    ["POST", redeliver],
  ];
  for (const [method, url, payload] of requests) {
    expect(await call(method, url, payload, others), url).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
  }
  const listed = await call(
    "GET",
    `/v1/webhook-deliveries?endpointId=${String(id)}`,
    undefined,
    others,
  );
  expect(listed.body).toEqual({ data: [], nextCursor: null });
  expect((await call("GET", ENDPOINTS, undefined, others)).text).not.toContain(String(id));
  expect((await call("GET", path)).status).toBe(200);
});

test("only a key with the scope may", async () => {
  const reader = await api.keyFor("reader", ["payments:read", "operate"], "acme");
  expect(await call("GET", ENDPOINTS, undefined, reader)).toMatchObject({
    status: 403,
    body: { code: "insufficient_scope" },
  });
});

test("a change says what it was and what it is; repeated, it changes nothing", async () => {
  const { id } = await open();
  const path = `${ENDPOINTS}/${String(id)}`;
  const change = {
    url: "https://both.example/new",
    eventTypes: ["payment.failed"],
    enabled: false,
  };
  expect(await call("PATCH", path, change)).toMatchObject({
    status: 200,
    body: {
      url: "https://both.example/new",
      eventTypes: ["payment.failed"],
      disabled: { reason: "requested" },
    },
  });
  const entry = await audit();
  expect(entry).toMatchObject({
    action: "webhook_endpoint.changed",
    details: {
      before: { host: "public.example", eventTypes: ALL, disabledReason: null },
      after: { host: "both.example", eventTypes: ["payment.failed"], disabledReason: "requested" },
      urlChanged: true,
    },
  });
  await call("PATCH", path, change);
  expect(await audit()).toEqual(entry);
  expect(await call("POST", `${path}/test`)).toMatchObject({
    status: 409,
    body: { code: "webhook_endpoint_disabled" },
  });
  expect(await call("PATCH", path, { enabled: true })).toMatchObject({ body: { disabled: null } });
  expect(await call("POST", `${path}/test`)).toMatchObject({ status: 202 });
});

test("a rotated secret is shown once, and says how long the one before signs", async () => {
  const { id, secret } = await open();
  const path = `${ENDPOINTS}/${String(id)}`;
  const { status, body } = await call("POST", `${path}/rotate-secret`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ endpointId: id, secret: expect.stringMatching(/^whsec_/) });
  expect(body["secret"]).not.toBe(secret);
  const shown = await call("GET", path);
  expect(shown.body["previousSecretUntil"]).toBe(body["previousSecretUntil"]);
  expect(await audit()).toMatchObject({ action: "webhook_endpoint.secret_rotated" });
  expect(JSON.stringify(await audit())).not.toContain("whsec_");
});

test("a test is a delivery; a delivery can be delivered again, whatever became of it", async () => {
  const { id } = await open();
  const { body: delivery } = await call("POST", `${ENDPOINTS}/${String(id)}/test`);
  expect(delivery).toMatchObject({
    endpointId: id,
    platformId: "acme",
    eventType: "test",
    status: "pending",
    attempts: 0,
    lastOutcome: null,
  });
  const { pool } = api.database;
  await pool.query(sql.type(anyRow)`
    UPDATE webhook_deliveries SET status = 'exhausted', attempts = 10, next_attempt_at = NULL WHERE endpoint_id = ${String(id)}`);
  const exhausted = `/v1/webhook-deliveries?endpointId=${String(id)}&status=exhausted`;
  expect((await call("GET", exhausted)).body["data"]).toMatchObject([{ id: delivery["id"] }]);
  const path = `/v1/webhook-deliveries/${String(delivery["id"])}/redeliver`;
  expect(await call("POST", path)).toMatchObject({
    status: 202,
    body: { status: "pending", attempts: 10, webhookId: delivery["webhookId"] },
  });
  expect((await call("GET", exhausted)).body["data"]).toEqual([]);
  expect(await audit()).toMatchObject({
    action: "webhook_delivery.redelivered",
    details: { platformId: "acme", endpointId: id, deliveryId: delivery["id"] },
  });
});

test("lists are newest first, page by page", async () => {
  const { id } = await open();
  const made: unknown[] = [];
  for (let n = 0; n < 5; n += 1) {
    made.unshift((await call("POST", `${ENDPOINTS}/${String(id)}/test`)).body["id"]);
  }
  const seen: unknown[] = [];
  let cursor: string | null = "";
  do {
    const query: string = `endpointId=${String(id)}&limit=2${cursor && `&cursor=${cursor}`}`;
    const { body } = await call("GET", `/v1/webhook-deliveries?${query}`, undefined, all);
    seen.push(...(body["data"] as Json[]).map((row) => row["id"]));
    cursor = body["nextCursor"] as string | null;
  } while (cursor !== null);
  expect(seen).toEqual(made);
});

test("a deleted endpoint is gone with its deliveries and secrets", async () => {
  const { id } = await open();
  const path = `${ENDPOINTS}/${String(id)}`;
  const { body: delivery } = await call("POST", `${path}/test`);
  expect(await call("DELETE", path)).toMatchObject({ status: 204, text: "" });
  expect((await call("DELETE", path)).status).toBe(404);
  expect((await call("GET", path)).status).toBe(404);
  const redeliver = `/v1/webhook-deliveries/${String(delivery["id"])}/redeliver`;
  expect((await call("POST", redeliver)).status).toBe(404);
  const secrets = await rowsOf(api.database.pool, "webhook_secrets");
  expect(secrets.map((row) => row["endpoint_id"])).not.toContain(id);
});

test("a platform has at most 16 endpoints, also when many are made at once", async () => {
  const make = () => call("POST", ENDPOINTS, endpointIn({ platformId: "full" }), all);
  const answers = await Promise.all(Array.from({ length: 20 }, make));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(16);
  const refused = answers.filter(({ status }) => status !== 201);
  for (const { status, body } of refused) {
    expect([status, body["code"]]).toEqual([409, "webhook_endpoint_limit"]);
  }
});

test("a payment that is refused when it is accepted is owed to its platform's endpoints in the same commit", async () => {
  await open();
  const task = {
    platformId: "acme",
    taskId: "t1",
    workerId: "amy",
    amount: "50",
    currency: "DOGE",
  };
  expect((await call("POST", "/v1/payments", task)).body["state"]).toBe("failed");
  const messages = await rowsOf(api.database.pool, "webhook_messages");
  expect(messages.filter((row) => row["type"] !== "test")).toMatchObject([
    {
      id: eventIdOf(paymentIdOf("acme", "t1"), 1, "failed"),
      platform_id: "acme",
      type: "payment.failed",
      fanned_out_at: null,
    },
  ]);
});
