import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PROBLEMS } from "../../../src/http/problems.ts";
import { problem } from "../../../src/http/schemas/problem.ts";
import { PUBLIC_URL } from "../api-fixture.ts";
import { exchange, openPort, type RawServer } from "./raw-server.ts";
import { BODIES, FRAMING, HEADERS, METHODS, TARGETS, type Row } from "./rows.ts";

let server: RawServer;
let accepted = 0;

beforeAll(async () => {
  server = await openPort();
  await server.serve({
    deps: {
      accept: () => {
        accepted += 1;
        return Promise.reject(new Error("it was accepted"));
      },
    },
  });
});

afterAll(() => server.listening.close(0));

beforeEach(() => {
  accepted = 0;
});

async function expectAnswer([, sent, gets]: Row): Promise<void> {
  const answer = (await exchange(server.port, sent)).at(-1);
  if (!answer) throw new Error("no answer");
  expect(answer.headers.get("x-request-id")).toMatch(/^[\x21-\x7e]+$/);
  expect(accepted).toBe(0);
  if (gets === "ok") {
    expect(answer.status).toBe(200);
    return;
  }
  const { status, retryable } = PROBLEMS[gets];
  expect(problem.parse(JSON.parse(answer.body))).toMatchObject({
    type: `${PUBLIC_URL}/problems/${gets}`,
    code: gets,
    status,
    retryable,
    requestId: answer.headers.get("x-request-id"),
  });
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
}

describe.each([
  ["a body", BODIES],
  ["framing", FRAMING],
  ["headers", HEADERS],
  ["a target", TARGETS],
  ["a method or protocol", METHODS],
])("%s that nobody should send is refused with a reason, and nothing is accepted", (_, rows) => {
  test.each(rows.map((row) => [row[0], row] as const))("%s", (_, row) => expectAnswer(row));
});
