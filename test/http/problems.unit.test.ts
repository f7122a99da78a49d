import type { InjectOptions } from "fastify";
import { expect, test } from "vitest";
import { z } from "zod";
import { PaymentError, type ErrorCode } from "../../src/errors.ts";
import { parseJson } from "../../src/http/parse-json.ts";
import { HttpProblem, PROBLEM_CODES, PROBLEMS, type ProblemCode } from "../../src/http/problems.ts";
import { defineRoute, type Route } from "../../src/http/route.ts";
import { problem } from "../../src/http/schemas/problem.ts";
import { apiOver, BEARER, keyOf } from "./api-fixture.ts";

/** A route that ends as it is told. */
function failing(error: Error): Route {
  return defineRoute({
    method: "POST",
    path: "/fails",
    operationId: "fails",
    tag: "Service",
    summary: "Fails",
    access: { scope: "operate" },
    body: z.strictObject({ a: z.string().optional() }),
    answers: { 200: { description: "Never", body: z.string() } },
    problems: [],
  })(async () => {
    throw error;
  });
}

const wanted = { method: "POST", url: "/fails", payload: {}, headers: BEARER } as const;

test.each(PROBLEM_CODES)("/problems/%s explains it", async (code) => {
  const app = await apiOver();
  const { statusCode, body, headers } = await app.inject(`/problems/${code}`);
  expect(statusCode).toBe(200);
  expect(headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(body).toContain(PROBLEMS[code].title);
  expect(body).toContain(`HTTP ${PROBLEMS[code].status}`);
});

test("a name that every object has is no problem of ours", async () => {
  const app = await apiOver();
  for (const code of ["constructor", "toString", "__proto__", "nope"]) {
    expect((await app.inject(`/problems/${code}`)).json()).toMatchObject({ code: "not_found" });
  }
});

test.each<[string, InjectOptions, ProblemCode]>([
  ["no key", { ...wanted, headers: {} }, "unauthenticated"],
  ["another scheme", { ...wanted, headers: { authorization: "Basic Zm9v" } }, "unauthenticated"],
  ["an unknown path", { ...wanted, url: "/nowhere" }, "not_found"],
  ["a path that ends otherwise", { ...wanted, url: "/fails/" }, "not_found"],
  ["a path that cannot be decoded", { ...wanted, url: "/problems/%zz" }, "invalid_request"],
  ["another method", { ...wanted, method: "PUT" }, "method_not_allowed"],
  ["an unknown query parameter", { ...wanted, url: "/fails?a=1" }, "invalid_request"],
  ["a parameter of prototypes", { ...wanted, url: "/fails?__proto__=1" }, "invalid_request"],
  ["no body", { method: "POST", url: "/fails", headers: BEARER }, "invalid_request"],
  ["an unknown name", { ...wanted, payload: { b: 1 } }, "invalid_request"],
  ["a wrong type", { ...wanted, payload: { a: 1 } }, "invalid_request"],
  ["an array", { ...wanted, payload: [] }, "invalid_request"],
])("%s is refused", async (_, request, code) => {
  const app = await apiOver({ routes: [failing(new Error("reached"))] });
  const response = await app.inject(request);
  expect(response.json()).toMatchObject({ code, status: PROBLEMS[code].status });
  expect(response.statusCode).toBe(PROBLEMS[code].status);
});

test.each(["OPTIONS", "TRACE", "QUERY", "PATCH"] as const)(
  "%s of a path that has no such method is refused with those that it has",
  async (method) => {
    const app = await apiOver();
    const { statusCode, headers } = await app.inject({ method: method as "GET", url: "/livez" });
    expect({ statusCode, allow: headers.allow }).toEqual({ statusCode: 405, allow: "GET, HEAD" });
  },
);

interface BadBody {
  readonly payload: string | Buffer;
  readonly headers?: Record<string, string>;
  readonly code: ProblemCode;
  /** What `errors` says of the whole body. */
  readonly says?: string;
}

const invalid = (says: string, payload: string | Buffer): BadBody => ({
  payload,
  code: "invalid_request",
  says,
});
const notJson = (headers: Record<string, string>): BadBody => ({
  payload: "{}",
  headers,
  code: "unsupported_media_type",
});

const BAD_BODIES: Readonly<Record<string, BadBody>> = {
  nothing: invalid("empty", ""),
  "half a document": invalid("not_json", '{"a":'),
  "a name twice": invalid("duplicate_name", '{"a":"1","a":"2"}'),
  "a name twice, deep inside": invalid("duplicate_name", '{"a":[{"b":{"c":1,"c":1}}]}'),
  "a prototype": invalid("forbidden_name", '{"__proto__":{"a":"1"}}'),
  "a prototype written otherwise": invalid("forbidden_name", '{"\\u005f_proto__":{}}'),
  "a constructor": invalid("forbidden_name", '{"constructor":{"prototype":{}}}'),
  "half a character": invalid("not_unicode", '{"a":"\\ud83d"}'),
  "a name with half a character": invalid("not_unicode", '{"\\udc00":"a"}'),
  "no UTF-8": invalid("not_utf8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])),
  "a deep one": invalid("too_deep", "[".repeat(500_000)),
  "a deep one that is whole": invalid("too_deep", "[".repeat(33) + "]".repeat(33)),
  "a wide one": invalid("too_many_values", `[${"1,".repeat(10_001)}1]`),
  "many members": invalid("too_many_values", `{${'"a":1,'.repeat(5_001)}"b":1}`),
  "a form": notJson({ "content-type": "application/x-www-form-urlencoded" }),
  "plain text": notJson({ "content-type": "text/plain" }),
  "no type": notJson({ "content-type": "" }),
  "another charset": notJson({ "content-type": "application/json; charset=utf-16" }),
  "a compressed body": notJson({ "content-encoding": "gzip" }),
  "more than is taken": {
    payload: `{"a":"${"a".repeat(1_048_576)}"}`,
    code: "payload_too_large",
  },
};

test.each(Object.entries(BAD_BODIES))("%s is refused", async (_, bad) => {
  const app = await apiOver({ routes: [failing(new Error("reached"))] });
  const headers = { ...BEARER, "content-type": "application/json", ...bad.headers };
  const response = await app.inject({ ...wanted, payload: bad.payload, headers });
  expect(response.json()).toMatchObject({
    code: bad.code,
    ...(bad.says !== undefined && { errors: [{ in: "body", pointer: "", code: bad.says }] }),
  });
});

test("the largest bulk that anybody may send is read", () => {
  const names = ["platformId", "taskId", "workerId", "amount", "currency", "occurredAt", "eventId"];
  const item = Object.fromEntries([...names, "idempotencyKey"].map((name) => [name, "1:2,3"]));
  const bulk = { items: Array.from({ length: 500 }, () => item) };
  expect(parseJson(Buffer.from(JSON.stringify(bulk)))).toEqual(bulk);
});

test("a colon or an escaped quote in a text is no member", async () => {
  const app = await apiOver({ routes: [failing(new HttpProblem("not_found", "reached"))] });
  const payload = '{"a":"::\\":\\\\\\":{\\"b\\": 1}"}';
  const headers = { ...BEARER, "content-type": "application/json; charset=utf-8" };
  const response = await app.inject({ ...wanted, payload, headers });
  expect(response.json()).toMatchObject({ code: "not_found", detail: "reached" });
});

test("every wrong place is named, and a thousand of them are not a thousand lines", async () => {
  const app = await apiOver({ routes: [failing(new Error("reached"))] });
  const names = Array.from({ length: 1_000 }, (_, n) => [`x~/${n}`, 1]);
  const response = await app.inject({ ...wanted, payload: Object.fromEntries(names) });
  const { errors } = problem.parse(response.json());
  expect(errors).toHaveLength(20);
  expect(errors[0]).toMatchObject({ in: "body", pointer: "/x~0~10", code: "unknown_name" });
  expect(response.body.length).toBeLessThan(5_000);
});

test("a fault of ours says nothing of itself; the log says all, under the id that the caller got", async () => {
  const lines: Record<string, unknown>[] = [];
  const app = await apiOver({
    routes: [failing(new Error("secret-canary at /srv/db.ts"))],
    onLog: (line) => lines.push(line),
  });
  const response = await app.inject(wanted);
  expect(response.statusCode).toBe(500);
  expect(response.body).not.toContain("canary");
  expect(response.json()).toMatchObject({ code: "internal", retryable: false });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 50, requestId: response.headers["x-request-id"] });
  expect(JSON.stringify(lines[0])).toContain("secret-canary");
});

test.each<[ErrorCode, ProblemCode]>([
  ["DATABASE_UNAVAILABLE", "database_unavailable"],
  ["DATABASE_CONFLICT", "database_unavailable"],
  ["OVERLOADED", "overloaded"],
  ["OUTCOME_UNKNOWN", "internal"],
])("%s is answered as %s, and never with its own words", async (error, code) => {
  const thrown = new PaymentError(error, "retry", "secret-canary");
  const app = await apiOver({ routes: [failing(thrown)] });
  const response = await app.inject(wanted);
  expect(response.json()).toMatchObject({ code });
  expect(response.body).not.toContain("canary");
  if (PROBLEMS[code].status === 503) expect(response.headers["retry-after"]).toBe("1");
});

test("a key without the scope, or of one platform where all are meant, is told what it lacks", async () => {
  const reader = async () => keyOf({ scopes: ["payments:read"] });
  const refused = await apiOver({ routes: [failing(new Error("reached"))], findKey: reader });
  expect((await refused.inject(wanted)).json()).toMatchObject({
    code: "insufficient_scope",
    detail: expect.stringContaining("operate"),
  });
});

test("whoever guesses keys is slowed down, and one with a key is not slowed down by others", async () => {
  let asked = 0;
  const findKey = async (token: string) => {
    asked += 1;
    return token === "gsp_right" ? keyOf() : undefined;
  };
  const routes = [failing(new HttpProblem("not_found", "reached"))];
  const app = await apiOver({ routes, findKey, limits: { perSecond: 0.001, burst: 3 } });
  const guess = (n: number) =>
    app.inject({ ...wanted, headers: { authorization: `Bearer gsp_${n}` } });
  for (let n = 0; n < 3; n += 1) expect((await guess(n)).statusCode).toBe(401);
  const response = await guess(4);
  expect(response.json()).toMatchObject({ code: "rate_limited", retryable: true });
  expect(Number(response.headers["retry-after"])).toBeGreaterThan(0);
  expect(asked).toBe(3);
  const elsewhere = { ...wanted, remoteAddress: "192.0.2.7" };
  const right = { ...elsewhere, headers: { authorization: "Bearer gsp_right" } };
  for (let left = 2; left >= 0; left -= 1) {
    const { headers, statusCode } = await app.inject(right);
    expect(statusCode).toBe(404);
    expect(headers["ratelimit"]).toBe(`"key";r=${left};t=${(3 - left) * 1_000}`);
  }
  expect((await app.inject(right)).json()).toMatchObject({ code: "rate_limited" });
});
