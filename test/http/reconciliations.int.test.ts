import { sql } from "slonik";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import type { Verify, VerifyReport } from "../../src/reconciling/reconciliation.ts";
import { apiOverDatabase, type DatabaseApi } from "./database-api.ts";

type Json = Record<string, unknown>;

const report = (mismatches = 0): VerifyReport => ({
  checks: [{ name: "payments", rows: 5, ms: 1, mismatches }],
  mismatches: Array.from({ length: mismatches }, (_, n) => ({
    kind: "log_not_stored",
    severity: "broken" as const,
    paymentId: null,
    blockNumber: n,
    detail: "paid at 0x",
  })),
  isCut: false,
  blocksChecked: { from: 1, to: 9 },
});

let api: DatabaseApi;
let headers: { authorization: string };
/** What the verification in its own process comes to; that one is run on the whole line. */
let answers: PromiseWithResolvers<VerifyReport>[];

beforeEach(async () => {
  answers = [];
  const verify: Verify = (_, signal) => {
    const answer = Promise.withResolvers<VerifyReport>();
    answers.push(answer);
    signal.addEventListener("abort", () => answer.reject(signal.reason));
    return answer.promise;
  };
  api = await apiOverDatabase({ reconciler: { verify } });
  headers = await api.keyFor("ada", ["operate"]);
});

afterEach(() => api[Symbol.asyncDispose]());

async function call(method: "GET" | "POST", url: string, payload?: object) {
  const response = await api.app.inject({ method, url, headers, ...(payload && { payload }) });
  return { status: response.statusCode, headers: response.headers, body: response.json<Json>() };
}

const begin = (more: object = {}) =>
  call("POST", "/v1/reconciliations", { reason: "after the fire", ...more });

async function ended(location: unknown): Promise<Json> {
  let shown: Json = {};
  await expect
    .poll(async () => (shown = (await call("GET", String(location))).body)["status"])
    .not.toBe("running");
  return shown;
}

test("one that is asked for runs in the background, and its report is kept", async () => {
  const begun = await begin({ slots: 10 });
  expect(begun).toMatchObject({
    status: 202,
    body: {
      status: "running",
      requestedBy: "key:ada",
      reason: "after the fire",
      endedAt: null,
      report: null,
    },
  });
  answers[0]?.resolve(report(2));
  expect(await ended(begun.headers["location"])).toMatchObject({
    status: "done",
    mismatchCount: 2,
    error: null,
    report: { mismatches: [{ kind: "log_not_stored" }, {}], blocksChecked: { from: 1, to: 9 } },
  });
  const { body } = await call("GET", "/v1/reconciliations");
  expect(body).toMatchObject({
    data: [{ id: begun.body["id"], mismatchCount: 2 }],
    nextCursor: null,
  });
  const audit = await call("GET", "/v1/audit");
  expect(audit.body["data"]).toMatchObject([
    { actor: "system", action: "reconciliation.ended", details: { mismatches: 2 } },
    {
      actor: "key:ada",
      action: "reconciliation.requested",
      details: { reason: "after the fire", slots: 10 },
    },
    {},
  ]);
});

test("one runs at a time, over all instances, and the next when that has ended", async () => {
  const first = await begin();
  await using another = await apiOverDatabase({ database: api.database });
  const there = await another.app.inject({
    method: "POST",
    url: "/v1/reconciliations",
    headers,
    payload: { reason: "me too" },
  });
  for (const refused of [await begin(), { status: there.statusCode, body: there.json<Json>() }]) {
    expect(refused).toMatchObject({
      status: 409,
      body: { code: "reconciliation_running", reconciliationId: first.body["id"] },
    });
  }
  expect(answers).toHaveLength(1);
  answers[0]?.resolve(report());
  await ended(first.headers["location"]);
  expect(await begin()).toMatchObject({ status: 202 });
});

test("what cannot be verified says why", async () => {
  const begun = await begin();
  answers[0]?.reject(new Error("the chain does not answer"));
  expect(await ended(begun.headers["location"])).toMatchObject({
    status: "failed",
    error: "the chain does not answer",
    mismatchCount: null,
    report: null,
  });
});

test("what a killed instance left running is given up, and keeps nobody from another", async () => {
  const lost = await begin();
  await api.database.pool.query(sql.type(anyRow)`
    UPDATE reconciliations SET beat_at = beat_at - interval '61 seconds'`);
  const next = await begin();
  expect(next.status).toBe(202);
  expect(await ended(lost.headers["location"])).toMatchObject({
    status: "failed",
    error: expect.stringContaining("ended"),
  });
  answers[0]?.resolve(report());
  answers[1]?.resolve(report());
  expect(await ended(next.headers["location"])).toMatchObject({ status: "done" });
  expect((await call("GET", String(lost.headers["location"]))).body).toMatchObject({
    status: "failed",
  });
});

test("an instance that stops gives up what it runs, and says so", async () => {
  const hanging: Verify = (_, signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const stopping = await apiOverDatabase({
    database: api.database,
    reconciler: { verify: hanging },
  });
  const payload = { reason: "me too" };
  const begun = await stopping.app.inject({
    method: "POST",
    url: "/v1/reconciliations",
    headers,
    payload,
  });
  await stopping[Symbol.asyncDispose]();
  expect((await call("GET", String(begun.headers["location"]))).body).toMatchObject({
    status: "failed",
    error: "The service was stopped.",
  });
  expect(await begin()).toMatchObject({ status: 202 });
});

test.each([{ slots: -1 }, { slots: 1.5 }, { fromBlock: "1" }, { reason: "" }, { other: 1 }])(
  "%j is refused, and nothing runs",
  async (more) => {
    expect(await begin(more)).toMatchObject({ status: 400, body: { errors: [{ in: "body" }] } });
    expect((await call("GET", "/v1/reconciliations")).body).toMatchObject({ data: [] });
    expect(answers).toEqual([]);
  },
);

test("lists page by place, newest first", async () => {
  const ids: unknown[] = [];
  for (let n = 0; n < 3; n += 1) {
    const begun = await begin();
    ids.unshift(begun.body["id"]);
    answers[n]?.resolve(report());
    await ended(begun.headers["location"]);
  }
  const first = await call("GET", "/v1/reconciliations?limit=2");
  const next = await call(
    "GET",
    `/v1/reconciliations?limit=2&cursor=${String(first.body["nextCursor"])}`,
  );
  const data = [...(first.body["data"] as Json[]), ...(next.body["data"] as Json[])];
  expect(data.map(({ id }) => id)).toEqual(ids);
  expect(await call("GET", "/v1/reconciliations?cursor=x")).toMatchObject({ status: 400 });
  const unknown = await call("GET", "/v1/reconciliations/5a1c2f0e-8a54-4e0b-9d53-0c7f5f7a0b11");
  expect(unknown).toMatchObject({ status: 404 });
});
