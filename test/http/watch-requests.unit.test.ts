import { once } from "node:events";
import { createServer, request as ask, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { defineRoute, type Route } from "../../src/http/route.ts";
import { livez } from "../../src/http/routes/livez.ts";
import { createMetrics, type Metrics } from "../../src/metrics/create-metrics.ts";
import { allOf, shownOf } from "../metrics/read-metric.ts";
import { apiOver, BEARER } from "./api-fixture.ts";

const REQUESTS = "payments_http_requests_total";
const IN_FLIGHT = "payments_http_requests_in_flight";
const WAIT = { timeout: 10_000 };
const COUNT = "payments_http_request_duration_seconds_count";

const ended = new AsyncDisposableStack();
afterAll(() => ended[Symbol.asyncDispose]());

/** The API behind a real port: whether a caller has left is a socket's matter. */
async function serve(routes: readonly Route[], limits?: { perSecond: number; burst: number }) {
  const metrics = createMetrics({ sloMs: 3_000 });
  const app = await apiOver({ routes, metrics, ...(limits && { limits }) });
  const listener: RequestListener = (request, response) => app.routing(request, response);
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  ended.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return { metrics, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const thing = (handle: () => Promise<void>) =>
  defineRoute({
    method: "GET",
    path: "/v1/things/{id}",
    operationId: "getThing",
    tag: "Service",
    summary: "A thing",
    access: { scope: "payments:read" },
    params: z.object({ id: z.string() }),
    answers: { 200: { description: "It is there", body: z.object({}) } },
    problems: [],
  })(async () => {
    await handle();
    return { status: 200, body: {} };
  });

const present = () => Promise.resolve();

/** What was counted, without the zeros. */
async function counted(metrics: Metrics): Promise<Record<string, number>> {
  const all = Object.entries(await allOf(metrics, REQUESTS));
  return Object.fromEntries(all.filter(([, count]) => count > 0));
}

const series = (method: string, route: string, status: string) =>
  `{method="${method}",route="${route}",status="${status}"}`;

test("requests are counted by their route's pattern and how they ended, whatever ids or paths callers make up", async () => {
  const { metrics, url } = await serve([livez, thing(present)]);
  for (const path of ["/v1/things/1", "/v1/things/2"]) await fetch(url + path, { headers: BEARER });
  await fetch(`${url}/v1/things/3`, { method: "HEAD", headers: BEARER });
  await fetch(`${url}/v1/things/4`);
  await fetch(`${url}/v1/things/5`, { method: "DELETE" });
  await fetch(`${url}/v1/nothing/of/the/kind?x=${"y".repeat(100)}`);
  await expect
    .poll(() => counted(metrics), WAIT)
    .toEqual({
      [series("GET", "/v1/things/{id}", "2xx")]: 3,
      [series("GET", "/v1/things/{id}", "4xx")]: 1,
      [series("other", "other", "4xx")]: 2,
    });
});

test("every route is there as 0 before its first request", async () => {
  const { metrics } = await serve([livez, thing(present)]);
  expect(Object.keys(await allOf(metrics, REQUESTS))).toContain(series("GET", "/livez", "5xx"));
});

test("a request is in flight until its caller has the answer, or has left, which is counted apart and not timed", async () => {
  const { promise: answer, resolve } = Promise.withResolvers<void>();
  const { metrics, url } = await serve([thing(() => answer)]);
  const leaving = ask(`${url}/v1/things/1`, { headers: BEARER }).end();
  leaving.on("error", () => undefined);
  const waiting = fetch(`${url}/v1/things/1`, { headers: BEARER });
  await expect.poll(() => shownOf(metrics, IN_FLIGHT), WAIT).toBe(2);
  leaving.destroy();
  await expect.poll(() => shownOf(metrics, IN_FLIGHT), WAIT).toBe(1);
  resolve();
  await waiting;
  await expect.poll(() => shownOf(metrics, IN_FLIGHT), WAIT).toBe(0);
  expect(await counted(metrics)).toEqual({
    [series("GET", "/v1/things/{id}", "2xx")]: 1,
    [series("GET", "/v1/things/{id}", "gone")]: 1,
  });
  expect(await allOf(metrics, COUNT)).toEqual({ '{method="GET",route="/v1/things/{id}"}': 1 });
});

test("who asked to wait is counted and no measure of how fast the API is", async () => {
  const { metrics, url } = await serve([thing(present)]);
  await fetch(`${url}/v1/things/1`, { headers: { ...BEARER, prefer: "wait=5" } });
  await expect.poll(async () => Object.values(await counted(metrics)), WAIT).toEqual([1]);
  expect(await allOf(metrics, COUNT)).toEqual({});
});

test("problems are counted by their code, those of callers that are slowed down and of faults included", async () => {
  const broken = thing(() => Promise.reject(new Error("broken")));
  const { metrics, url } = await serve([broken], { perSecond: 0.001, burst: 1 });
  await fetch(`${url}/v1/things/1`, { headers: BEARER });
  await fetch(`${url}/v1/things/1`, { headers: BEARER });
  const problems = async () =>
    Object.fromEntries(
      Object.entries(await allOf(metrics, "payments_http_problems_total")).filter(
        ([, count]) => count > 0,
      ),
    );
  expect(await problems()).toEqual({ '{code="internal"}': 1, '{code="rate_limited"}': 1 });
  await expect
    .poll(() => counted(metrics), WAIT)
    .toMatchObject({ [series("GET", "/v1/things/{id}", "5xx")]: 1 });
});
