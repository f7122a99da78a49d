import { afterAll, beforeAll, expect, test } from "vitest";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { SCOPES } from "../../src/keys/scopes.ts";
import { taskCompleted } from "../support/acceptance.ts";
import { becomeLetter } from "../support/dead-letters.ts";
import { insertPlatform, insertWorker } from "../support/seed.ts";
import { apiOverDatabase, type DatabaseApi } from "./database-api.ts";

type Headers = Readonly<Record<string, string>>;
type Json = Record<string, unknown>;

let api: DatabaseApi;
let all: Headers;
let own: Headers;
let others: Headers;

beforeAll(async () => {
  api = await apiOverDatabase();
  const { pool } = api.database;
  await insertPlatform(pool, { id: "acme", taskSource: "event" });
  await insertPlatform(pool, { id: "other", taskSource: "event" });
  await insertWorker(pool, { id: "amy" });
  all = await api.keyFor("all", SCOPES);
  own = await api.keyFor("own", SCOPES, "acme");
  others = await api.keyFor("others", SCOPES, "other");
});

afterAll(() => api[Symbol.asyncDispose]());

async function call(
  method: "GET" | "POST",
  url: string,
  payload?: object,
  headers: Headers = own,
): Promise<{ status: number; body: Json }> {
  const response = await api.app.inject({ method, url, headers, ...(payload && { payload }) });
  return { status: response.statusCode, body: response.json<Json>() };
}

/** A payment that has failed for its currency, or that is on its way. */
async function pay(taskId: string, currency: "DOGE" | "USDC"): Promise<string> {
  const task = { platformId: "acme", taskId, workerId: "amy", amount: "50", currency };
  const { status, body } = await call("POST", "/v1/payments", task);
  expect(status).toBe(202);
  return String(body["id"]);
}

const reason = "because";
const ID = paymentIdOf("acme", "t1");

test("a retry opens nothing that would fail again, and says so; nobody retries another's", async () => {
  const id = await pay("t1", "DOGE");
  const retry = (expectedGeneration: number, headers = own) =>
    call("POST", `/v1/payments/${id}/retry`, { expectedGeneration, reason }, headers);
  expect(await retry(1)).toMatchObject({
    status: 409,
    body: { code: "would_fail_again", state: "failed", generation: 1 },
  });
  expect(await retry(2)).toMatchObject({ status: 409, body: { code: "generation_mismatch" } });
  expect(await retry(1, others)).toMatchObject({ status: 404 });
  const planned = await pay("t2", "USDC");
  const refused = await call("POST", `/v1/payments/${planned}/retry`, {
    expectedGeneration: 1,
    reason,
  });
  expect(refused).toMatchObject({
    status: 409,
    body: { code: "payment_not_failed", state: "planned" },
  });
});

test("a payment that is not in review is not resolved, and a decision must make sense", async () => {
  const id = await pay("t3", "DOGE");
  const resolve = (change: object, headers = own) =>
    call(
      "POST",
      `/v1/payments/${id}/resolve`,
      { expectedGeneration: 1, reason, ...change },
      headers,
    );
  expect(await resolve({ decision: "cancel" })).toMatchObject({
    status: 409,
    body: { code: "payment_not_in_review", state: "failed" },
  });
  expect(await resolve({ decision: "cancel" }, others)).toMatchObject({ status: 404 });
  expect(await resolve({ decision: "confirm_paid" })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/txHash" }] },
  });
  expect(await resolve({ decision: "override" })).toMatchObject({ status: 400 });
  expect(await resolve({ decision: "cancel", reason: " " })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/reason" }] },
  });
});

test.each([
  [
    "a text that no database can hold",
    "POST",
    "/v1/platforms/acme/pause",
    { reason: "a\u0000b" },
    "/reason",
  ],
  [
    "a place in the list that never was",
    "GET",
    `/v1/reviews?cursor=2026-99-99T99Z_${ID}`,
    undefined,
    "/cursor",
  ],
  [
    "a generation beyond all counting",
    "POST",
    `/v1/payments/${ID}/retry`,
    { expectedGeneration: 2 ** 31, reason },
    "/expectedGeneration",
  ],
] as const)("%s is refused with its place, and is no fault of the service", async (...given) => {
  const [, method, url, payload, pointer] = given;
  expect(await call(method, url, payload)).toMatchObject({
    status: 400,
    body: { code: "invalid_request", errors: [{ pointer }] },
  });
});

test("dead letters are seen and replayed by those whom they concern", async () => {
  const event = taskCompleted({ platformId: "acme", taskId: "letter", workerId: "amy" });
  await pay("letter", "USDC");
  const id = await becomeLetter(api.acceptance, { ...event, idempotencyKey: "another" });
  const garbage = await becomeLetter(api.acceptance, "garbage");
  const list = async (headers: Headers) => {
    const { body } = await call("GET", "/v1/dead-letters", undefined, headers);
    return (body["data"] as Json[]).map((letter) => letter["id"]);
  };
  expect(await list(own)).toEqual([id]);
  expect(await list(others)).toEqual([]);
  expect(await list(all)).toEqual([garbage, id]);
  expect(await call("GET", `/v1/dead-letters/${id}`, undefined, others)).toMatchObject({
    status: 404,
  });
  expect(await call("GET", `/v1/dead-letters/${garbage}`)).toMatchObject({ status: 404 });
  const shown = await call("GET", `/v1/dead-letters/${id}`);
  expect(shown.body).toMatchObject({
    code: "task_has_payment",
    difference: { field: "idempotencyKey", letter: "another" },
    event: { taskId: "letter", amount: "50.000000" },
    value: { text: expect.stringContaining("letter") },
  });
  const replay = (body: object, headers = own) =>
    call("POST", `/v1/dead-letters/${id}/replay`, body, headers);
  expect(await replay({ reason }, others)).toMatchObject({ status: 404 });
  expect(await replay({ reason })).toMatchObject({
    status: 200,
    body: { replayed: 0, refused: 1, results: [{ deadLetterId: id, status: "refused" }] },
  });
  const bulk = { filter: {}, limit: 10, dryRun: true, reason };
  expect((await call("POST", "/v1/dead-letters/replay", bulk, others)).body).toMatchObject({
    results: [],
  });
  expect((await call("POST", "/v1/dead-letters/replay", bulk)).body).toMatchObject({
    dryRun: true,
    refused: 1,
  });
  const discard = () => call("POST", `/v1/dead-letters/${id}/discard`, { reason });
  expect(await discard()).toMatchObject({
    status: 200,
    body: { status: "discarded", closedBy: "key:own", closedReason: reason },
  });
  expect(await discard()).toMatchObject({ status: 409, body: { code: "dead_letter_closed" } });
  expect(await replay({ reason })).toMatchObject({ body: { code: "dead_letter_closed" } });
});

test("a platform pauses itself, and everything only a key for all", async () => {
  const pause = (path: string, headers = own) => call("POST", `/v1/${path}`, { reason }, headers);
  expect((await pause("platforms/acme/pause")).body).toEqual({
    scope: "acme",
    state: "paused",
    changed: true,
  });
  expect((await pause("platforms/acme/pause")).body).toMatchObject({ changed: false });
  expect(await pause("platforms/acme/pause", others)).toMatchObject({ status: 404 });
  expect(await pause("platforms/nobody/pause", all)).toMatchObject({ status: 404 });
  expect((await pause("platforms/acme/resume")).body).toMatchObject({
    state: "running",
    changed: true,
  });
  for (const path of ["pause", "resume"]) {
    expect(await pause(path)).toMatchObject({ status: 403, body: { code: "insufficient_scope" } });
    expect((await pause(path, all)).body).toMatchObject({ scope: "*", changed: true });
  }
});

test("the audit log says who and why, each platform its own", async () => {
  const entries = async (query: string, headers: Headers) => {
    const { body } = await call("GET", `/v1/audit?${query}`, undefined, headers);
    return body["data"] as Json[];
  };
  expect(await entries("action=dispatch.paused", own)).toMatchObject([
    { actor: "key:own", details: { scope: "acme", reason } },
  ]);
  expect(await entries("action=dispatch.paused", others)).toEqual([]);
  expect(await entries("action=dispatch.paused", all)).toHaveLength(2);
  const first = await call("GET", "/v1/audit?limit=1", undefined, all);
  const cursor = String(first.body["nextCursor"]);
  const [next] = await entries(`limit=1&cursor=${cursor}`, all);
  expect(Number(next?.["id"])).toBeLessThan(Number(cursor));
});
