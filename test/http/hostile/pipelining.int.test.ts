import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { defineRoute } from "../../../src/http/route.ts";
import { livez } from "../../../src/http/routes/livez.ts";
import { exchange, openPort, type RawServer } from "./raw-server.ts";

let server: RawServer;
/** Ends the waiting of whoever asked `/v1/slow`. */
let answer: () => void;
let asked: Promise<void>;

beforeAll(async () => {
  server = await openPort();
  const reached = Promise.withResolvers<void>();
  const { promise, resolve } = Promise.withResolvers<void>();
  asked = reached.promise;
  answer = resolve;
  const slow = defineRoute({
    method: "GET",
    path: "/v1/slow",
    operationId: "slow",
    tag: "Service",
    summary: "Waits",
    access: "open",
    answers: { 200: { description: "At last", body: z.object({}) } },
    problems: [],
  })(async () => {
    reached.resolve();
    await promise;
    return { status: 200, body: {} };
  });
  await server.serve({ routes: [livez, slow] });
});

afterAll(() => server.listening.close(0));

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const LAST = "Connection: close\r\n";

test("requests that come behind one another are answered in their order", async () => {
  const many = Array.from({ length: 300 }, (_, n) => get("/livez", `X-Request-Id: n${n}\r\n`));
  const answers = await exchange(server.port, many.join("") + get("/nowhere", LAST));
  const ids = answers.slice(0, -1).map(({ headers }) => headers.get("x-request-id"));
  expect(ids).toEqual(Array.from({ length: 300 }, (_, n) => `n${n}`));
  expect(answers.at(-1)).toMatchObject({ status: 404 });
});

test("what comes behind a request and is none is never answered in that one's place", async () => {
  const answers = await exchange(server.port, `${get("/v1/slow")}GARBAGE\r\n\r\n`);
  expect(answers).toEqual([]);
  await asked;
  answer();
});

test("what comes behind an answer and is none is refused, and the connection ends", async () => {
  const answers = await exchange(server.port, get("/livez"), (socket) => {
    socket.once("data", () => socket.write("GARBAGE\r\n\r\n"));
  });
  expect(answers.map(({ status }) => status)).toEqual([200, 400]);
});

test("what a smuggler puts behind a body is a request of its own, with no key but its own", async () => {
  const inner = get("/v1/payments", LAST);
  const head = `Host: a\r\nAuthorization: Bearer gsp_any\r\nContent-Type: application/json\r\n`;
  const outer = `POST /livez HTTP/1.1\r\n${head}Content-Length: 2\r\n\r\n{}`;
  const answers = await exchange(server.port, outer + inner);
  expect(answers.map(({ status }) => status)).toEqual([405, 404]);
});
