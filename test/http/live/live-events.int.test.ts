import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { connect as connectSocket } from "node:net";
import { Client } from "pg";
import { sql } from "slonik";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acceptBatch } from "../../../src/acceptance/accept-batch.ts";
import { anyRow } from "../../../src/database/pool.ts";
import type { LiveFeedDeps } from "../../../src/http/live/live-feed.ts";
import { revokeKey } from "../../../src/keys/revoke-key.ts";
import { forgetEvents } from "../../../src/live/forget-events.ts";
import { numberOutcomes } from "../../../src/live/number-outcomes.ts";
import { paymentIdOf } from "../../../src/payment/ids.ts";
import { fromHttp, taskCompleted } from "../../support/acceptance.ts";
import { decide, type Decided } from "../../support/decide.ts";
import { listenToEvents, type HeardEvent } from "../../support/listen-to-events.ts";
import { insertPlatform, insertWorker } from "../../support/seed.ts";
import { apiOverDatabase, type DatabaseApi } from "../database-api.ts";
import type { FixtureOptions } from "../api-fixture.ts";

interface Instance extends AsyncDisposable {
  readonly api: DatabaseApi;
  readonly url: string;
  /** By reason, and of each type how many were sent. */
  readonly counted: Map<string, number>;
  readonly connected: () => number;
}

let running: AsyncDisposableStack;
let first: Instance;
let writer: Client;
let headers: { authorization: string };

beforeEach(async () => {
  running = new AsyncDisposableStack();
  first = await open();
  const { database } = first.api;
  await insertPlatform(database.pool, { id: "acme", taskSource: "event" });
  await insertPlatform(database.pool, { id: "other", taskSource: "event" });
  writer = new Client({ connectionString: database.url });
  await writer.connect();
  running.defer(() => writer.end());
  headers = await first.api.keyFor("reader", ["payments:read"]);
});

afterEach(() => running.disposeAsync());

/** An instance of the API that listens; another one on the first one's database where there is one. */
async function open(
  live: Partial<LiveFeedDeps> = {},
  options: Pick<FixtureOptions, "stopping"> & { isAnother?: boolean } = {},
): Promise<Instance> {
  const { isAnother = false, ...rest } = options;
  const counted = new Map<string, number>();
  let connected = 0;
  const count = (name: string, by = 1) => counted.set(name, (counted.get(name) ?? 0) + by);
  const metrics = {
    liveClients: {
      set: (_: object, value: number) => void (connected = value),
      replace: () => undefined,
    },
    liveSent: { add: ({ type }: { type: string }) => void count(type) },
    liveEnded: { add: ({ reason }: { reason: string }) => void count(reason) },
    liveReplayReads: { add: () => void count("replay") },
  };
  const api = await apiOverDatabase({
    ...rest,
    live: { metrics, ...live },
    ...(isAnother && { database: first.api.database }),
  });
  running.use(api);
  const url = await api.app.listen({ host: "127.0.0.1", port: 0 });
  return {
    api,
    url,
    counted,
    connected: () => connected,
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

async function listen(
  { url }: Pick<Instance, "url">,
  {
    query = "",
    lastEventId,
    as = headers,
  }: { query?: string; lastEventId?: string; as?: typeof headers } = {},
) {
  const id = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  // Hints come as they may: whoever wants them says so.
  const types = query.includes("types=") ? "" : "&types=payment.completed,payment.failed";
  const listener = await listenToEvents(`${url}/v1/events?${query}${types}`, { ...as, ...id });
  running.use(listener);
  return listener;
}

/** As the sequencer does it: number, then tell every instance. */
async function tell(all: readonly Decided[], ...instances: readonly Instance[]): Promise<void> {
  await decide(writer, ...all);
  while ((await numberOutcomes(first.api.database.pool)) > 0);
  for (const { api } of instances) api.numbered.ring();
}

const tasks = (...ids: readonly string[]): Decided[] => ids.map((taskId) => ({ taskId }));
const tasksIn = (events: readonly HeardEvent[]) => events.map(({ data }) => data["taskId"]);
const isTask = (id: string) => (event: HeardEvent) => event.data["taskId"] === id;

test("whoever is connected hears what comes, as what it is", async () => {
  const listener = await listen(first);
  expect(listener.status).toBe(200);
  expect(Object.fromEntries(listener.headers)).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  await tell(tasks("t1"), first);
  const event = await listener.events.next("t1", isTask("t1"));
  expect(event).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{8}-1$/),
    type: "payment.failed",
    data: {
      type: "payment.failed",
      paymentId: paymentIdOf("acme", "t1"),
      generation: 1,
      platformId: "acme",
      workerId: "amy",
      amount: "50.000000",
      failure: { code: "worker_mismatch", retryable: true },
      txHash: null,
    },
  });
});

test("who comes back with the last id hears all that was missed, on another instance too, and once", async () => {
  const second = await open({}, { isAnother: true });
  const here = await listen(first);
  await tell(tasks("1", "2"), first, second);
  const { id } = await here.events.next("2", isTask("2"));
  await here[Symbol.asyncDispose]();
  const missed = Array.from({ length: 250 }, (_, n) => `m${n}`);
  await tell(tasks(...missed), first, second);
  const there = await listen(second, { lastEventId: id ?? "" });
  await there.events.next("the last one", isTask("m249"));
  await tell(tasks("live"), first, second);
  await there.events.next("what came then", isTask("live"));
  expect(tasksIn(there.events.items)).toEqual([...missed, "live"]);
  expect(second.counted.get("replay")).toBeGreaterThanOrEqual(3);
});

test("between catching up and hearing what comes nothing is lost or told twice, however it falls", async () => {
  await tell(tasks("0"));
  const start = (
    await (await listen(first, { lastEventId: "" })).chunks.next("its id", () => true)
  ).match(/id: (\S+)-/)?.[1];
  const busy = (async () => {
    for (let n = 0; n < 40; n += 1) await tell(tasks(`b${n}-x`, `b${n}-y`), first);
  })();
  const listeners = [];
  for (let n = 0; n < 10; n += 1)
    listeners.push(await listen(first, { lastEventId: `${start}-0` }));
  await busy;
  const all = ["0", ...Array.from({ length: 40 }, (_, n) => [`b${n}-x`, `b${n}-y`]).flat()];
  for (const { events } of listeners) {
    await events.next("the last one", isTask("b39-y"));
    expect(tasksIn(events.items)).toEqual(all);
  }
});

test("a key hears of its own platform alone, and filters narrow it", async () => {
  const own = await first.api.keyFor("own", ["payments:read"], "acme");
  const bound = await listen(first, { as: own });
  const amys = await listen(first, { query: "workerId=amy&types=payment.failed" });
  const one = await listen(first, { query: `paymentId=${paymentIdOf("other", "3")}` });
  const none = await listen(first, { query: "types=payment.completed,payment.review" });
  const all = [
    { taskId: "1", workerId: "bob" },
    { taskId: "2", platformId: "other" },
    { taskId: "3", platformId: "other", workerId: "bob" },
    { taskId: "4" },
  ];
  await tell(all, first);
  await amys.events.next("4", isTask("4"));
  await one.events.next("3", isTask("3"));
  await bound.events.next("4", isTask("4"));
  expect(tasksIn(bound.events.items)).toEqual(["1", "4"]);
  expect(tasksIn(amys.events.items)).toEqual(["2", "4"]);
  expect(tasksIn(one.events.items)).toEqual(["3"]);
  expect(none.events.items).toEqual([]);
  const again = await listen(first, { as: own, lastEventId: idBefore(bound.events.items[0]) });
  await again.events.next("4", isTask("4"));
  expect(tasksIn(again.events.items)).toEqual(["1", "4"]);
});

function idBefore(event: HeardEvent | undefined): string {
  return (event?.id ?? "").replace(/-\d+$/, "-0");
}

test("a quiet stream moves its id on, so that what was not for it need not be gone through again", async () => {
  const instance = await open({ heartbeatMs: 20 }, { isAnother: true });
  const listener = await listen(instance, { query: "workerId=nobody" });
  await tell(tasks("1", "2", "3"), instance);
  await listener.chunks.next("a beat behind them", (chunk) =>
    /: beat\nid: [0-9a-f]{8}-3\n\n/.test(chunk),
  );
  expect(listener.events.items).toEqual([]);
});

test.each([
  ["nonsense", 400, "invalid_request"],
  ["00000000:1", 400, "invalid_request"],
  ["EPOCH-9", 400, "invalid_request"],
  ["00000000-1", 410, "event_history_expired"],
  ["EPOCH-1", 410, "event_history_expired"],
] as const)("the id %s is answered %i %s", async (id, status, code) => {
  await tell(tasks("1", "2", "3"));
  const { pool } = first.api.database;
  await pool.query(sql.type(anyRow)`
    UPDATE live_events SET numbered_at = numbered_at - interval '8 days' WHERE number <= 2`);
  await forgetEvents(pool);
  const { chunks } = await listen(first);
  const epoch =
    /id: ([0-9a-f]{8})-3/.exec(await chunks.next("its id", (each) => each.includes("id:")))?.[1] ??
    "";
  const refused = await listen(first, { lastEventId: id.replace("EPOCH", epoch) });
  expect(refused).toMatchObject({ status, problem: { code } });
  const found = await listen(first, { lastEventId: `${epoch}-2` });
  expect(await found.events.next("3", isTask("3"))).toMatchObject({ id: `${epoch}-3` });
});

test.each(["types=", "types=payment.gone", "workerId=a%20b", "paymentId=x", "other=1"])(
  "the query %s is refused",
  async (query) => {
    expect(await listen(first, { query })).toMatchObject({
      status: 400,
      problem: { code: "invalid_request", errors: [{ in: "query" }] },
    });
  },
);

test("it takes a key that may read payments, and no other method", async () => {
  const blind = await first.api.keyFor("blind", ["payments:write", "operate"]);
  expect(await listen(first, { as: blind })).toMatchObject({ status: 403 });
  expect(await listen(first, { as: { authorization: "Bearer gsp_no" } })).toMatchObject({
    status: 401,
  });
  const head = await fetch(`${first.url}/v1/events`, { method: "HEAD", headers });
  expect(head.status).toBe(405);
  expect(first.connected()).toBe(0);
});

test("hints tell what is under way, without an id and once", async () => {
  const { database, acceptance } = first.api;
  await insertWorker(database.pool, { id: "worker-1" });
  await insertPlatform(database.pool, { id: "platform-1", taskSource: "event" });
  const listener = await listen(first, { query: "types=payment.accepted,payment.planned" });
  await listener.chunks.next("that it is connected", () => true);
  await expect
    .poll(async () => {
      const taskId = `h${listener.events.items.length}-${performance.now()}`;
      const event = taskCompleted({ taskId, eventId: taskId });
      await acceptBatch(acceptance, { submissions: [fromHttp(event)], offsets: [] });
      return listener.events.items.length;
    })
    .toBeGreaterThanOrEqual(2);
  const [accepted] = listener.events.items;
  expect(accepted).toMatchObject({
    id: undefined,
    type: "payment.accepted",
    data: { eventId: null },
  });
  const [task] = tasksIn(listener.events.items);
  await listener.events.next(
    "its plan",
    (event) => event.type === "payment.planned" && isTask(String(task))(event),
  );
  expect(listener.events.items.filter(isTask(String(task)))).toHaveLength(2);
});

test("a burst of more than its buffer costs nobody the connection, nor an event", async () => {
  const instance = await open({ bufferMaxBytes: 2_000 }, { isAnother: true });
  const listener = await listen(instance);
  const names = Array.from({ length: 300 }, (_, n) => `b${n}`);
  await tell(tasks(...names), instance);
  await listener.events.next("the last one", isTask("b299"));
  expect(tasksIn(listener.events.items)).toEqual(names);
});

test("whoever reads nothing is dropped, its place is free again, and nobody else waits for it", async () => {
  const instance = await open(
    { bufferMaxBytes: 1024 * 1024, heartbeatMs: 1_000 },
    { isAnother: true },
  );
  const quick = await listen(instance);
  const { hostname, port } = new URL(instance.url);
  const socket = connectSocket({ host: hostname, port: Number(port) });
  running.defer(() => void socket.destroy());
  socket.write(
    `GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\n\r\n`,
  );
  await once(socket, "data");
  socket.pause();
  expect(instance.connected()).toBe(2);
  // Some megabytes: what the kernel holds for both ends is not the service's.
  const message = "x".repeat(60_000);
  let told = 0;
  while (instance.counted.get("slow") === undefined) {
    expect(told, "it is dropped sooner or later").toBeLessThan(1_000);
    const batch = Array.from({ length: 10 }, () => ({ taskId: `s${(told += 1)}`, message }));
    await tell(batch, instance);
    await quick.events.next("the last one", isTask(`s${told}`));
  }
  expect(quick.events.items).toHaveLength(told);
  // It wakes up and reads what was kept for it: the notice is the last thing, and the connection may go on.
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  socket.resume();
  while (!text.endsWith("\r\n0\r\n\r\n")) await once(socket, "data");
  const last = [...text.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1];
  expect(text).toContain("event: dropped");
  expect(JSON.parse(/event: dropped\ndata: (.*)/.exec(text)?.[1] ?? "{}")).toMatchObject({
    reason: "slow",
    lastEventId: last,
  });
  await expect.poll(instance.connected, { timeout: 20_000 }).toBe(1);
});

test("a revoked key hears no more", async () => {
  const instance = await open({ keysEveryMs: 20 }, { isAnother: true });
  const revoked = await first.api.keyFor("short", ["payments:read"]);
  const listener = await listen(instance, { as: revoked });
  const stays = await listen(instance);
  const id = revoked.authorization.split("_")[1] ?? "";
  await revokeKey(first.api.database.pool, id, { actor: "operator:test", reason: "test" });
  await listener.ended;
  expect(listener.events.items).toMatchObject([{ type: "dropped", data: { reason: "key" } }]);
  await tell(tasks("1"), instance);
  await stays.events.next("1", isTask("1"));
});

test("500 are connected at once and all hear it; the next is told when to come again", async () => {
  const agent = new Agent({ keepAlive: false });
  const responses: IncomingMessage[] = [];
  running.defer(() => {
    for (const response of responses) response.destroy();
  });
  const connectOne = async () => {
    const request = get(`${first.url}/v1/events?types=payment.failed`, { agent, headers });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    responses.push(response);
    await once(response, "data");
    return response;
  };
  for (let n = 0; n < 10; n += 1) await Promise.all(Array.from({ length: 50 }, connectOne));
  expect(first.connected()).toBe(500);
  const refused = await listen(first);
  expect(refused).toMatchObject({ status: 503, problem: { code: "overloaded", retryable: true } });
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  const heard = responses.map(async (response) => {
    for (let text = ""; !text.includes('"taskId":"1"');)
      text += String(await once(response, "data"));
  });
  await tell(tasks("1"), first);
  await Promise.all(heard);
  expect(first.counted.get("payment.failed")).toBe(500);
  responses.pop()?.destroy();
  await expect.poll(first.connected).toBe(499);
  expect((await listen(first)).status).toBe(200);
});

test("a service that stops says when to come again", async () => {
  const stopping = new AbortController();
  const instance = await open({}, { isAnother: true, stopping: stopping.signal });
  const listener = await listen(instance);
  stopping.abort();
  await listener.ended;
  expect(listener.chunks.items.join("")).toMatch(/retry: \d{4}\n\n$/);
  expect(instance.counted.get("left")).toBe(1);
  await expect.poll(instance.connected).toBe(0);
});
