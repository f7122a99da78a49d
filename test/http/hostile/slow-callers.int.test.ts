import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { livez } from "../../../src/http/routes/livez.ts";
import { showOpenApi } from "../../../src/http/routes/show-open-api.ts";
import { allOf } from "../../metrics/read-metric.ts";
import { exchange, openPort, type RawServer } from "./raw-server.ts";

const WAIT = { timeout: 20_000 };
const HEAD = "POST /v1/payments HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer gsp_any\r\n";
const BODY = `${HEAD}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n`;
const LIVEZ = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const QUICK = { headersMs: 300, requestMs: 600, checkEveryMs: 50, stillMs: 1_200 };

const opened: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((end) => end()));
});

async function open(limits: Parameters<typeof openPort>[0] = QUICK): Promise<RawServer> {
  const server = await openPort(limits);
  opened.push(() => server.listening.close(0));
  await server.serve();
  return server;
}

/** Somebody who sends this and then nothing; what comes back is read. */
async function hold(port: number, bytes = ""): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  opened.push(() => socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  if (bytes !== "") socket.write(bytes);
  return socket.resume();
}

/** Fewer at once than the kernel keeps for whoever listens. */
const TOGETHER = 200;

async function holdMany(count: number, port: number, bytes?: string): Promise<readonly Socket[]> {
  const held: Socket[] = [];
  while (held.length < count) {
    const next = Array.from({ length: Math.min(TOGETHER, count - held.length) });
    held.push(...(await Promise.all(next.map(() => hold(port, bytes)))));
  }
  return held;
}

/** A byte at a time, faster than any pause that is looked for: only the whole is too slow. */
function trickle(socket: Socket): void {
  const drops = setInterval(() => socket.write(" "), 20);
  socket.once("close", () => clearInterval(drops));
}

test.each([
  ["sends nothing", ""],
  ["sends half a line", "GET /liv"],
  ["sends half its headers", HEAD],
  ["sends half its body", `${BODY}{"a":`],
  [
    "sends half a chunk",
    `${HEAD}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{`,
  ],
])("whoever %s is told 408 in time, and the connection ends", async (_, bytes) => {
  const { port } = await open();
  const [answer, ...more] = await exchange(port, bytes);
  expect(answer).toMatchObject({ status: 408, body: expect.stringContaining("request_timeout") });
  expect(answer?.headers.get("retry-after")).toBe("1");
  expect(more).toEqual([]);
});

test.each([
  ["headers", `${HEAD}X: `],
  ["a body", BODY],
])("whoever sends %s byte by byte has no more time than others", async (_, bytes) => {
  const { port } = await open();
  const [answer] = await exchange(port, bytes, trickle);
  expect(answer).toMatchObject({ status: 408, body: expect.stringContaining("request_timeout") });
});

test("a body that is still coming when its request was refused is cut, and not answered twice", async () => {
  const { port } = await open();
  const answers = await exchange(port, BODY.replace("Authorization", "X-Authorization"), trickle);
  expect(answers.map(({ status }) => status)).toEqual([401]);
});

test("whoever takes no answer in is cut", async () => {
  const server = await openPort(QUICK);
  opened.push(() => server.listening.close(0));
  // Larger than what the kernel takes for both sides.
  const openApi = () => ({ large: "a".repeat(20_000_000) });
  await server.serve({ routes: [livez, showOpenApi], deps: { openApi } });
  const socket = connect(server.port, "127.0.0.1");
  opened.push(() => socket.destroy());
  socket.write("GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n");
  await expect
    .poll(() => allOf(server.metrics, "payments_http_requests_total"), WAIT)
    .toMatchObject({ '{method="GET",route="/openapi.json",status="gone"}': 1 });
});

const descriptors = async () => (await readdir("/proc/self/fd")).length;

test("a thousand silent connections and three hundred slow ones keep nobody out, and leave nothing behind", async () => {
  const { port } = await open({ headersMs: 3_000, requestMs: 4_000, checkEveryMs: 100 });
  await exchange(port, LIVEZ);
  const before = await descriptors();
  const silent = await holdMany(1_000, port);
  const slow = [...(await holdMany(150, port, HEAD)), ...(await holdMany(150, port, BODY))];
  slow.forEach(trickle);
  for (let n = 0; n < 50; n += 1) {
    const answers = await Promise.all([exchange(port, LIVEZ), exchange(port, LIVEZ)]);
    expect(answers.flat().map(({ status }) => status)).toEqual([200, 200]);
  }
  const isOver = () => [...silent, ...slow].every(({ destroyed }) => destroyed);
  await expect.poll(isOver, WAIT).toBe(true);
  await expect.poll(descriptors, WAIT).toBeLessThanOrEqual(before);
});

test("2,000 connections are held and more are cut at once, until one of them ends", async () => {
  const { port } = await open({});
  const held = await holdMany(2_000, port);
  for (let n = 0; n < 10; n += 1) expect(await exchange(port, LIVEZ)).toEqual([]);
  expect(held.filter(({ destroyed }) => destroyed)).toEqual([]);
  held[0]?.destroy();
  await expect
    .poll(async () => (await exchange(port, LIVEZ)).map(({ status }) => status), WAIT)
    .toEqual([200]);
});
