import { afterAll, beforeAll, expect, test } from "vitest";
import { problem } from "../../src/http/schemas/problem.ts";
import { allOf } from "../metrics/read-metric.ts";
import { PUBLIC_URL } from "./api-fixture.ts";
import { exchange, openPort, type RawServer } from "./hostile/raw-server.ts";

let server: RawServer;
let url: string;

beforeAll(async () => {
  server = await openPort();
  url = `http://127.0.0.1:${server.port}`;
});

afterAll(() => server.listening.close(0));

test("before the API is up the service lives, is not ready, accepts nothing, and counts all of it", async () => {
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  const headers = { "x-request-id": "mine" };
  const response = await fetch(`${url}/v1/payments`, { method: "POST", body: "{}", headers });
  expect(response.status).toBe(503);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/problem+json",
    "retry-after": "1",
    "x-request-id": "mine",
  });
  expect(problem.parse(await response.json())).toMatchObject({
    type: `${PUBLIC_URL}/problems/overloaded`,
    code: "overloaded",
    retryable: true,
    requestId: "mine",
  });
  const { metrics } = server;
  const requests = await allOf(metrics, "payments_http_requests_total");
  expect(requests).toMatchObject({
    '{method="GET",route="/livez",status="2xx"}': 1,
    '{method="GET",route="/readyz",status="5xx"}': 1,
    '{method="other",route="other",status="5xx"}': 1,
    // There before the first of them.
    '{method="other",route="other",status="4xx"}': 0,
  });
  expect(await allOf(metrics, "payments_http_problems_total")).toMatchObject({
    '{code="overloaded"}': 2,
  });
});

test("what is no request is counted before the API is up and afterwards", async () => {
  const count = async () =>
    (await allOf(server.metrics, "payments_http_problems_total"))['{code="invalid_request"}'];
  await exchange(server.port, "GARBAGE\r\n\r\n");
  expect(await count()).toBe(1);
  await server.serve();
  await exchange(server.port, "GARBAGE\r\n\r\n");
  expect(await count()).toBe(2);
});
