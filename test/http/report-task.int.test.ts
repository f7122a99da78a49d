import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { insertWorker } from "../support/seed.ts";
import { rowsOf } from "../support/read-rows.ts";
import { addressOf } from "../support/seed.ts";
import { apiOverDatabase, type DatabaseApi } from "./database-api.ts";

let api: DatabaseApi;
let secret: string;
let headers: { authorization: string };

beforeAll(async () => {
  api = await apiOverDatabase({ limits: { perSecond: 1, burst: 40 } });
  headers = await api.keyFor("all", ["directory:write"]);
  const payload = { name: "Acme", walletAddress: addressOf("acme"), taskSource: "event" };
  const put = await api.app.inject({ method: "PUT", url: "/v1/platforms/acme", payload, headers });
  secret = put.json<{ webhookSecret: string }>().webhookSecret;
  await insertWorker(api.database.pool, { id: "amy" });
});

afterAll(() => api[Symbol.asyncDispose]());

interface Sent {
  readonly id: string;
  readonly task: object;
  readonly secret?: string;
  readonly at?: Date;
  /** What is sent in place of what was signed. */
  readonly body?: string;
  readonly from?: string;
}

const task = (taskId: string) => ({
  platformId: "acme",
  taskId,
  workerId: "amy",
  amount: "50",
  currency: "USDC",
});

async function send(sent: Sent) {
  const payload = JSON.stringify(sent.task);
  const at = sent.at ?? new Date();
  const response = await api.app.inject({
    method: "POST",
    url: "/v1/webhooks/task-completed",
    payload: sent.body ?? payload,
    remoteAddress: sent.from ?? "192.0.2.1",
    headers: {
      "content-type": "application/json",
      "webhook-id": sent.id,
      "webhook-timestamp": `${Math.floor(at.getTime() / 1_000)}`,
      "webhook-signature": new Webhook(sent.secret ?? secret).sign(sent.id, at, payload),
    },
  });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
}

test("a signed task is paid once, under its webhook's id", async () => {
  const first = await send({ id: "e1", task: task("t1") });
  expect(first).toMatchObject({ status: 202, body: { sourceEventId: "e1", state: "planned" } });
  expect(await send({ id: "e1", task: task("t1") })).toEqual({ ...first, status: 200 });
  expect(await send({ id: "e1", task: task("t2") })).toMatchObject({
    status: 409,
    body: { code: "event_id_conflict", field: "taskId" },
  });
});

test("what was changed, signed by another, or signed long ago does nothing", async () => {
  const before = (await rowsOf(api.database.pool, "payments")).length;
  const other = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const minutes = (count: number) => new Date(Date.now() + count * 60_000);
  const cases: [Sent, string][] = [
    [{ id: "e2", task: task("t2"), secret: other }, "signature_invalid"],
    [
      { id: "e2", task: task("t2"), body: JSON.stringify({ ...task("t2"), amount: "51" }) },
      "signature_invalid",
    ],
    [{ id: "e2", task: { ...task("t2"), platformId: "nobody" } }, "signature_invalid"],
    [{ id: "e2", task: { nothing: 1 } }, "signature_invalid"],
    [{ id: "e2", task: task("t2"), at: minutes(-6) }, "timestamp_out_of_tolerance"],
    [{ id: "e2", task: task("t2"), at: minutes(6) }, "timestamp_out_of_tolerance"],
    [{ id: "e2", task: { ...task("t2"), eventId: "e3" } }, "invalid_request"],
    [{ id: "e2", task: { ...task("t2"), amount: 50 } }, "invalid_request"],
    [
      { id: "e2", task: task("t2"), body: `${JSON.stringify(task("t2"))}${" ".repeat(16_384)}` },
      "payload_too_large",
    ],
  ];
  for (const [sent, code] of cases) {
    expect((await send(sent)).body, JSON.stringify(sent).slice(0, 120)).toMatchObject({ code });
  }
  expect(await rowsOf(api.database.pool, "payments")).toHaveLength(before);
});

test("a report without a body is refused as one, and is no fault of the service", async () => {
  const response = await api.app.inject({
    method: "POST",
    url: "/v1/webhooks/task-completed",
    headers: { "webhook-id": "e-empty", "webhook-timestamp": "0", "webhook-signature": "v1,AA==" },
  });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: "invalid_request", errors: [{ code: "empty" }] });
});

test("the secret before works for a day beside the new one", async () => {
  const url = "/v1/platforms/acme/rotate-secret";
  const rotated = await api.app.inject({ method: "POST", url, headers });
  const { webhookSecret } = rotated.json<{ webhookSecret: string }>();
  expect(await send({ id: "e4", task: task("t4") })).toMatchObject({ status: 202 });
  expect(await send({ id: "e5", task: task("t5"), secret: webhookSecret })).toMatchObject({
    status: 202,
  });
});

test("whoever cannot sign is slowed down; those who can are not", async () => {
  const wrong = { secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}`, from: "198.51.100.1" };
  const codes: unknown[] = [];
  for (let n = 0; n < 45; n += 1) {
    codes.push((await send({ id: "e6", task: task("t6"), ...wrong })).body["code"]);
  }
  expect(codes[0]).toBe("signature_invalid");
  expect(codes.at(-1)).toBe("rate_limited");
  for (let n = 0; n < 45; n += 1) {
    const sent = { id: "e7", task: task("t7"), from: "198.51.100.2" };
    expect((await send(sent)).body).toMatchObject({ sourceEventId: "e7" });
  }
});
