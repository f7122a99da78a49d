import { expect, test } from "vitest";
import type { CompletedTask } from "../../src/client/api.ts";
import { createClient, type ClientSettings } from "../../src/client/create-client.ts";
import { ApiProblem, NoAnswer } from "../../src/client/problem.ts";
import {
  hangUp,
  json,
  keepSilent,
  problem,
  scriptedServer,
  type Reply,
} from "./scripted-server.ts";

const TASK: CompletedTask = {
  platformId: "acme",
  taskId: "t/1",
  workerId: "amy",
  amount: "50",
  currency: "USDC",
};
const PAYMENT = { id: "p-1", state: "completed" };
const RETRY = { path: { id: "p-1" }, body: { expectedGeneration: 1, reason: "mended" } };
const AT_ONCE = { "retry-after": "0" };

const clientAt = (url: string, settings: Partial<ClientSettings> = {}) =>
  createClient({ url, apiKey: "gsp_test", firstDelayMs: 1, ...settings });

const pay = (url: string) => clientAt(url).call("createPayment", { body: TASK });
const retry = (url: string) => clientAt(url).call("retryPayment", RETRY);
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("it was answered"),
    (error: unknown) => error as ApiProblem | NoAnswer,
  );

test("an operation's method, path, query, headers and body are sent as the document has them", async () => {
  await using server = await scriptedServer(json(200, PAYMENT));
  const client = clientAt(`${server.url}/`);
  await client.call("createPayment", { body: TASK, header: { "Idempotency-Key": "mine" } });
  await client.call("getTask", { path: { id: "t/1 ?" } });
  await client.call("listPayments", { query: { state: "review", limit: 5, workerId: undefined } });
  expect(server.received).toMatchObject([
    {
      method: "POST",
      url: "/v1/payments",
      headers: { authorization: "Bearer gsp_test", "idempotency-key": "mine" },
      body: JSON.stringify(TASK),
    },
    { method: "GET", url: "/v1/tasks/t%2F1%20%3F", body: "" },
    { method: "GET", url: "/v1/payments?state=review&limit=5" },
  ]);
});

test("an idempotency key is sent only where the caller gives one", async () => {
  await using server = await scriptedServer(json(202, PAYMENT));
  await clientAt(server.url).call("createPayment", { body: TASK });
  expect(server.received[0]?.headers).not.toHaveProperty("idempotency-key");
});

test("paying is asked for again, unchanged, after silence, a gateway's word or too many requests", async () => {
  for (const first of [hangUp, problem(503, "overloaded", AT_ONCE), problem(429, "rate_limited")]) {
    await using server = await scriptedServer(first, json(200, PAYMENT));
    expect((await pay(server.url)).body).toEqual(PAYMENT);
    expect(server.received).toHaveLength(2);
    expect(server.received[1]).toEqual(server.received[0]);
  }
});

test("what a second time would not be the same is asked for once, unless it was not read the first time", async () => {
  for (const first of [hangUp, problem(503, "database_unavailable", AT_ONCE)]) {
    await using server = await scriptedServer(first, json(202, PAYMENT));
    expect(await failureOf(retry(server.url))).toMatchObject({ isInDoubt: true });
    expect(server.received).toHaveLength(1);
  }
  for (const first of [problem(429, "rate_limited"), problem(503, "overloaded", AT_ONCE)]) {
    await using server = await scriptedServer(first, json(202, PAYMENT));
    expect((await retry(server.url)).status).toBe(202);
  }
});

test("tries are bounded, and so is what an answer may make a caller wait", async () => {
  await using busy = await scriptedServer(problem(503, "overloaded", AT_ONCE));
  expect(await failureOf(pay(busy.url))).toMatchObject({ code: "overloaded", isInDoubt: false });
  expect(busy.received).toHaveLength(4);
  await using away = await scriptedServer(problem(503, "overloaded", { "retry-after": "3600" }));
  expect(await failureOf(pay(away.url))).toMatchObject({ code: "overloaded" });
  expect(away.received).toHaveLength(1);
});

test("a problem is an error with its code, its request's id and all that it says", async () => {
  await using server = await scriptedServer(problem(409, "task_has_payment"));
  const refused = await failureOf(pay(server.url));
  expect(refused).toBeInstanceOf(ApiProblem);
  expect(refused).toMatchObject({
    status: 409,
    code: "task_has_payment",
    requestId: "r-1",
    retryable: false,
    isInDoubt: false,
    message: "because of task_has_payment",
    problem: { code: "task_has_payment" },
  });
});

test("a proxy's page is no problem of ours, and of a payment that it stands for nobody knows", async () => {
  const page: Reply = (response) => {
    response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad Gateway</h1>");
  };
  await using server = await scriptedServer(page);
  expect(await failureOf(pay(server.url))).toMatchObject({ code: "unreadable", isInDoubt: true });
});

test("doubt stays until an answer says that the same request would have been refused before", async () => {
  const cases: readonly [Reply, boolean][] = [
    [problem(409, "task_has_payment"), false],
    [problem(401, "unauthenticated"), true],
    [problem(408, "request_timeout"), true],
  ];
  for (const [second, isInDoubt] of cases) {
    await using server = await scriptedServer(hangUp, second);
    expect(await failureOf(pay(server.url))).toMatchObject({ isInDoubt });
  }
});

test("whoever cannot be reached has not been asked; whoever falls silent may have been", async () => {
  const gone = await scriptedServer(keepSilent);
  await gone[Symbol.asyncDispose]();
  const nobody = await failureOf(pay(gone.url));
  expect(nobody).toBeInstanceOf(NoAnswer);
  expect(nobody).toMatchObject({ isInDoubt: false });
  await using server = await scriptedServer(keepSilent);
  const client = clientAt(server.url, { timeoutMs: 500, triesMax: 1 });
  const payment = await failureOf(client.call("createPayment", { body: TASK }));
  expect(payment).toBeInstanceOf(NoAnswer);
  expect(payment).toMatchObject({ isInDoubt: true });
  const read = await failureOf(client.call("getPayment", { path: { id: "p-1" } }));
  expect(read).toMatchObject({ isInDoubt: false });
  expect(server.received.map(({ method }) => method)).toEqual(["POST", "GET"]);
});

test("a caller's signal ends the request and all further tries", async () => {
  const ended = new AbortController();
  await using server = await scriptedServer(() => ended.abort(new Error("enough")));
  const call = clientAt(server.url).call("createPayment", { body: TASK }, { signal: ended.signal });
  await expect(call).rejects.toThrow("enough");
  expect(server.received).toHaveLength(1);
});

test("a list is gone through page after page, with its filter, and no further than somebody reads", async () => {
  const page = (ids: readonly string[], nextCursor: string | null) =>
    json(200, { data: ids.map((id) => ({ id })), nextCursor });
  const pages = [page(["a", "b"], "c-1"), page([], "c-2"), page(["c"], null)];
  await using server = await scriptedServer(...pages);
  const query = { state: "failed", limit: 2 } as const;
  const seen = [];
  for await (const { id } of clientAt(server.url).each("listPayments", { query })) seen.push(id);
  expect(seen).toEqual(["a", "b", "c"]);
  expect(server.received.map(({ url }) => url)).toEqual([
    "/v1/payments?state=failed&limit=2",
    "/v1/payments?state=failed&limit=2&cursor=c-1",
    "/v1/payments?state=failed&limit=2&cursor=c-2",
  ]);
  await using other = await scriptedServer(...pages);
  for await (const { id } of clientAt(other.url).each("listPayments", { query })) {
    expect(id).toBe("a");
    break;
  }
  expect(other.received).toHaveLength(1);
});
