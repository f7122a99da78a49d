/** Notifications as the emulator signs them, in front of the real verification with keys read through the SDK. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createNotificationInbox } from "../../src/circle/notification-inbox.ts";
import { createNotificationKeys } from "../../src/circle/notification-keys.ts";
import { createPacer } from "../../src/circle/pacer.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { apiOver } from "../http/api-fixture.ts";
import { allOf } from "../metrics/read-metric.ts";
import { eventually, shown, startCircleWorld, transfer } from "../sandbox/circle/circle-world.ts";
import type { CircleWorld } from "../sandbox/circle/circle-world.ts";
import { createCircleClient } from "../../src/circle/client.ts";

const PATH = "/v1/webhooks/circle";
const KEY_ENDPOINT = "GET /v2/notifications/publicKey/:id";

interface Received {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const ended = new AsyncDisposableStack();
let world: CircleWorld;

beforeAll(async () => {
  world = ended.use(await startCircleWorld());
});
beforeEach(async () => {
  await world.control.reset();
  await world.control.configure({ webhooks: { retryDelaysMs: [20, 20, 20] } });
  for (const { id } of (await world.sdk.listSubscriptions()).data ?? []) {
    await world.sdk.deleteSubscription(id);
  }
});
afterAll(() => ended.disposeAsync());

/** The API with an inbox of its own, which no other test has taught a key or an id. */
async function startApi() {
  const metrics = createMetrics({ sloMs: 3_000 });
  const gets = createPacer(1_000);
  const log = pino({ level: "silent" });
  let hints = 0;
  const notifications = createNotificationInbox({
    keys: createNotificationKeys({ client: createCircleClient(world.circle), gets, log }),
    metrics,
    onHint: () => void (hints += 1),
  });
  const app = await apiOver({ deps: { notifications }, metrics });
  const outcomes = async () => {
    const all = Object.entries(await allOf(metrics, "payments_circle_notifications_total"));
    return Object.fromEntries(
      all.map(([labels, count]) => [/"(\w+)"/.exec(labels)?.[1] ?? labels, count]),
    );
  };
  return {
    app,
    outcomes,
    hints: () => hints,
    send: async ({ bytes, headers }: Received) => {
      const order = { method: "POST", url: PATH, payload: bytes, headers } as const;
      return (await app.inject(order)).statusCode;
    },
  };
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  ended.defer(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`;
}

/** Keeps what the emulator sends of one transfer, as it came. */
async function recordTransfer(): Promise<readonly Received[]> {
  const received: Received[] = [];
  const endpoint = await serve((request, response) => {
    void read(request).then((each) => {
      if (request.method === "POST") received.push(each);
      response.end();
    });
  });
  const { data } = await world.sdk.createSubscription({ endpoint });
  const id = await transfer(world);
  await shown(world, id, "COMPLETE");
  await eventually(async () => received.length === 6);
  await world.sdk.deleteSubscription(data?.id ?? "");
  return received.filter(({ bytes }) => bytes.includes("transactions.outbound"));
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers = ["content-type", "x-circle-signature", "x-circle-key-id"].map((name) => [
    name,
    String(request.headers[name] ?? ""),
  ]);
  return { bytes: Buffer.concat(chunks), headers: Object.fromEntries(headers) };
}

test("a subscription is made, its test and each state of a transfer are taken, and the key is read once", async () => {
  const { app, outcomes, hints } = await startApi();
  const endpoint = await serve((request, response) => app.routing(request, response));
  await world.sdk.createSubscription({ endpoint });
  const id = await transfer(world);
  await shown(world, id, "COMPLETE");
  await eventually(async () => ((await outcomes())["accepted"] ?? 0) === 5);
  await eventually(async () => ((await outcomes())["test"] ?? 0) === 1);
  expect(await outcomes()).toMatchObject({ duplicate: 0, forged: 0, unknown_key: 0 });
  // INITIATED, QUEUED and CLEARED hasten nothing.
  expect(hints()).toBe(2);
  await eventually(async () => (await world.control.stats()).webhooks.delivered === 6);
  const { endpoints, webhooks } = await world.control.stats();
  expect(webhooks).toMatchObject({ refused: 0, abandoned: 0 });
  expect(endpoints[KEY_ENDPOINT]).toMatchObject({ requests: 1 });
});

test("what the emulator spoils is refused, and what it repeats or delays is taken", async () => {
  const { app, outcomes } = await startApi();
  const endpoint = await serve((request, response) => app.routing(request, response));
  await world.sdk.createSubscription({ endpoint });
  await eventually(async () => ((await outcomes())["test"] ?? 0) === 1);
  const modes = { INITIATED: "duplicate", QUEUED: "tamper", CLEARED: "forge", SENT: "unknownKey" };
  for (const [state, mode] of Object.entries(modes)) {
    await world.control.inject({ kind: "webhook", mode: mode as "forge", match: { state } });
  }
  const match = { state: "COMPLETE" };
  await world.control.inject({ kind: "webhook", mode: "late", delayMs: 300, match });
  await shown(world, await transfer(world), "COMPLETE");
  // Each of the spoilt ones is tried four times.
  const wanted = { accepted: 2, duplicate: 1, test: 1, forged: 8, unknown_key: 4 };
  await eventually(async () => ((await outcomes())["unknown_key"] ?? 0) === 4);
  await eventually(async () => ((await outcomes())["accepted"] ?? 0) === 2);
  await eventually(async () => ((await outcomes())["forged"] ?? 0) === 8);
  expect(await outcomes()).toEqual(wanted);
});

test("what was seen on the wire can be sent again, mixed up or changed, and hastens nothing more", async () => {
  const recorded = await recordTransfer();
  const { send, hints } = await startApi();
  for (const each of recorded.toReversed()) expect(await send(each)).toBe(200);
  const before = hints();
  for (const each of recorded) expect(await send(each)).toBe(200);
  const [one, other] = recorded;
  if (!one || !other) throw new Error("nothing was recorded");
  expect(await send({ bytes: one.bytes, headers: other.headers })).toBe(401);
  const said = one.bytes.toString();
  const others = said.replace(/"notificationId":"[^"]+"/, `"notificationId":"${"0".repeat(36)}"`);
  expect(await send({ ...one, bytes: Buffer.from(others) })).toBe(401);
  expect(await send({ ...one, bytes: Buffer.from(said.replace("{", "{ ")) })).toBe(401);
  const { "x-circle-signature": _, ...unsigned } = one.headers;
  expect(await send({ ...one, headers: unsigned })).toBe(401);
  expect(hints()).toBe(before);
});

test("a Circle that does not tell its key costs the sender a 401, and is asked once, whoever goes on sending", async () => {
  const recorded = await recordTransfer();
  const { send, outcomes } = await startApi();
  const before = (await world.control.stats()).endpoints[KEY_ENDPOINT]?.requests ?? 0;
  await world.control.inject({
    kind: "answer",
    executed: false,
    status: 503,
    body: "html",
    match: { path: "/notifications/publicKey" },
  });
  const statuses = [];
  for (const each of recorded) statuses.push(await send(each));
  expect(new Set(statuses)).toEqual(new Set([401]));
  expect(await outcomes()).toMatchObject({ unknown_key: recorded.length, accepted: 0 });
  const after = (await world.control.stats()).endpoints[KEY_ENDPOINT]?.requests ?? 0;
  expect(after - before).toBe(1);
});
