import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { payGasLimit } from "../../contracts/pay-once-gas.ts";
import type { StoredSend } from "../../src/dispatch/rail.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { timeCalls } from "../../src/metrics/time-calls.ts";
import { allOf, shownOf } from "../metrics/read-metric.ts";
import { SIGNAL, submit } from "../rails/paying-world.ts";
import { eventually } from "../sandbox/circle/circle-world.ts";
import { EXECUTIONS, startCircleLaneWorld, type CircleLaneWorld } from "./circle-lane-world.ts";

let world: CircleLaneWorld;
beforeAll(async () => {
  world = await startCircleLaneWorld();
});
afterEach(() => world.control.reset());
afterAll(() => world.stop());

/** A committed send of one payment, and a lane (whose pacer no other test has pushed back) to submit it by. */
async function committed(options: Parameters<CircleLaneWorld["newLane"]>[0] = {}) {
  const lane = world.newLane(options);
  const item = world.payment();
  return { lane, item, send: await world.commitPay(lane, item) };
}

async function executionsOf(send: StoredSend) {
  const made = new Set((await world.madeFor(send)).map(({ id }) => id));
  const { executions } = await world.control.stats();
  return executions.filter(({ transactionId }) => made.has(transactionId));
}

test("a send through Circle fits into a block of ten million gas, where a larger one would wait for ever", () => {
  const items = world.newLane().batchMax?.() ?? Number.POSITIVE_INFINITY;
  expect(payGasLimit(items)).toBeLessThanOrEqual(10_000_000n);
});

const IN_DOUBT = { kind: "retry", code: "circle_unanswered" };

test("a send is one contract call from its wallet, named by its refId, with the gas that was declared", async () => {
  const { lane, item, send } = await committed();
  const report = await lane.submit(send, SIGNAL);
  const { txHash } = await world.until(item, "Paid");
  const [made] = await world.madeFor(send);
  expect(report).toEqual({ kind: "accepted", circleId: made?.id, circleState: "INITIATED" });
  expect(made?.sent.map(({ hash }) => hash)).toEqual([txHash]);
  expect(made).toMatchObject({ walletId: world.walletId, contractAddress: world.payOnce });
  expect(await world.gasLimitOf(txHash)).toBe(send.gasLimit);
});

test("many first sends at once read the entity's public key once", async () => {
  const lane = world.newLane();
  await lane.open([], SIGNAL);
  const items = [world.payment(), world.payment(), world.payment(), world.payment()];
  const sends = await Promise.all(items.map((item) => world.commitPay(lane, item)));
  await Promise.all(sends.map((send) => submit(lane, send)));
  for (const item of items) await world.until(item, "Paid");
  const { endpoints } = await world.control.stats();
  expect(endpoints["GET /v1/w3s/config/entity/publicKey"]).toMatchObject({ requests: 1 });
});

test("each call is measured by the SDK's name for it, one that was cut off as an error, and a 429 is counted", async () => {
  const metrics = createMetrics({ sloMs: 3_000 });
  const onThrottled = () => metrics.throttled.add({});
  const watch = { timeCall: timeCalls(metrics, "circle"), onThrottled };
  const { lane, item, send } = await committed({ callTimeoutMs: 1_000, watch });
  await world.onPost({ kind: "answer", executed: false, status: 429, body: "json" });
  await lane.submit(send, SIGNAL);
  await world.onPost({ kind: "hang", executed: false });
  await submit(lane, send);
  await world.until(item, "Paid");
  const calls = await allOf(metrics, "payments_dependency_request_duration_seconds_count");
  const of = (result: string) =>
    calls[
      `{dependency="circle",operation="createContractExecutionTransaction",result="${result}"}`
    ];
  expect([of("ok"), of("error")]).toEqual([1, 2]);
  expect(await shownOf(metrics, "payments_circle_throttled_total")).toBe(1);
});

describe("an answer that does not come", () => {
  test.each([
    ["lost after Circle took it", { kind: "loseAnswer", executed: true }],
    ["lost before Circle took it", { kind: "loseAnswer", executed: false }],
    ["hanging after Circle took it", { kind: "hang", executed: true }],
    ["hanging before Circle took it", { kind: "hang", executed: false }],
  ] as const)(
    "%s is doubt: the same key goes again, and one transaction is made",
    async (_, fault) => {
      const { lane, item, send } = await committed({ callTimeoutMs: 1_000 });
      await world.onPost(fault);
      const report = await lane.submit(send, SIGNAL);
      expect(report).toMatchObject(IN_DOUBT);
      expect(report).not.toHaveProperty("capacity");
      await submit(lane, send);
      await world.until(item, "Paid");
      expect(await executionsOf(send)).toHaveLength(1);
      expect(await world.received(item)).toBe(item.amount);
    },
  );

  test("a request that lies on the wire until after its repeat was taken pays nothing more", async () => {
    const { lane, item, send } = await committed({ callTimeoutMs: 250 });
    await world.onPost({ kind: "arriveLate", delayMs: 500 });
    expect(await lane.submit(send, SIGNAL)).toMatchObject(IN_DOUBT);
    await submit(lane, send);
    await world.until(item, "Paid");
    await eventually(async () => {
      const { endpoints } = await world.control.stats();
      return (endpoints[`POST /v1/w3s${EXECUTIONS}`]?.requests ?? 0) >= 2;
    });
    expect(await world.madeFor(send)).toHaveLength(1);
    expect(await executionsOf(send)).toHaveLength(1);
  });

  test("a server that takes connections and is silent costs no socket for long", async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.resume().on("error", () => undefined));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const options = { baseUrl: `http://127.0.0.1:${port}`, callTimeoutMs: 100 };
    const { lane, send } = await committed(options);
    expect(await lane.submit(send, SIGNAL)).toMatchObject(IN_DOUBT);
    const [socket] = sockets;
    if (socket && !socket.closed) await once(socket, "close");
    expect(socket?.closed).toBe(true);
    server.close();
  });

  test("an abort ends the waiting at once, however long the time-out", async () => {
    const { lane, send } = await committed({ callTimeoutMs: 600_000 });
    await lane.open([], SIGNAL);
    await world.onPost({ kind: "hang", executed: false });
    const stopping = new AbortController();
    const report = lane.submit(send, stopping.signal);
    await eventually(async () => (await world.control.faults()).length === 0);
    stopping.abort();
    expect(await report).toMatchObject(IN_DOUBT);
    expect(await lane.submit(send, stopping.signal)).toMatchObject(IN_DOUBT);
  });

  test("a Circle that refuses connections is doubt, and the lane opens all the same", async () => {
    const { lane, send } = await committed({ baseUrl: "http://127.0.0.1:1" });
    await lane.open([send], SIGNAL);
    expect(await lane.submit(send, SIGNAL)).toMatchObject(IN_DOUBT);
    await submit(world.newLane(), send);
  });
});

describe("an answer that is no answer", () => {
  test.each([
    [500, "json"],
    [502, "html"],
    [503, "none"],
  ] as const)(
    "HTTP %i with body %s, though Circle took it, is doubt: the same key goes again",
    async (status, body) => {
      const { lane, item, send } = await committed();
      await world.onPost({ kind: "answer", executed: true, status, body });
      const report = await lane.submit(send, SIGNAL);
      expect(report).toMatchObject({ kind: "retry", code: "circle_unavailable" });
      expect(report).not.toHaveProperty("capacity");
      await submit(lane, send);
      await world.until(item, "Paid");
      expect(await executionsOf(send)).toHaveLength(1);
    },
  );

  test("a 5xx that one send always meets holds up no other", async () => {
    const { lane, send } = await committed();
    await world.onPost({ kind: "answer", executed: false, status: 500, body: "json" });
    expect(await lane.submit(send, SIGNAL)).toMatchObject({ kind: "retry" });
    await lane.ready(AbortSignal.timeout(500));
  });
});

describe("capacity", () => {
  test.each([
    ["json", undefined, 1_000],
    ["none", undefined, 1_000],
    ["json", 7, 7_000],
  ] as const)(
    "429 with body %s and Retry-After %s holds the whole account back",
    async (body, retryAfterSeconds, afterMs) => {
      const { lane, send } = await committed();
      const fault = { kind: "answer", executed: false, status: 429, body } as const;
      await world.onPost(retryAfterSeconds ? { ...fault, retryAfterSeconds } : fault);
      await lane.ready(SIGNAL);
      const throttled = { kind: "retry", code: "circle_throttled", afterMs, capacity: true };
      expect(await lane.submit(send, SIGNAL)).toMatchObject(throttled);
      await expect(lane.ready(AbortSignal.timeout(50))).rejects.toThrow("aborted");
      await submit(world.newLane(), send);
    },
  );

  test("a lane at the published pace is never throttled by the published limit", async () => {
    await world.control.configure({ rate: { enabled: true } });
    const lane = world.newLane({ postsPerSecond: 5 });
    const items = Array.from({ length: 8 }, () => world.payment());
    const reports = items.map(async (item) =>
      lane.submit(await world.commitPay(lane, item), SIGNAL),
    );
    for (const report of await Promise.all(reports)) expect(report.kind).toBe("accepted");
    for (const item of items) await world.until(item, "Paid");
  });

  test("a wallet's full queue is capacity; the send is taken once there is room", async () => {
    const { lane, item, send } = await committed();
    await world.onPost({ kind: "executeLate", delayMs: 800 });
    const first = world.payment();
    await submit(lane, await world.commitPay(lane, first));
    await world.control.configure({ queue: { perWallet: 1 } });
    const full = { kind: "retry", code: "circle_queue_full", capacity: true };
    expect(await lane.submit(send, SIGNAL)).toMatchObject(full);
    await world.until(first, "Paid");
    await world.control.configure({ queue: { perWallet: 16 } });
    await submit(lane, send);
    await world.until(item, "Paid");
  });

  test("a ciphertext that Circle has met goes again at once, freshly encrypted, under the same key", async () => {
    const { lane, item, send } = await committed();
    await world.onPost({ kind: "refuse", code: 156004 });
    const reused = { kind: "retry", code: "circle_ciphertext_reused", afterMs: 0 };
    expect(await lane.submit(send, SIGNAL)).toMatchObject(reused);
    await submit(lane, send);
    await world.until(item, "Paid");
  });

  test("a wrong API key or entity secret waits for an operator and is no doubt", async () => {
    const { lane, send } = await committed({ apiKey: "TEST_API_KEY:no:no" });
    const capacity = { kind: "retry", capacity: true };
    const report = await lane.submit(send, SIGNAL);
    // The SDK needs the public key first, and words that refusal in the same way.
    expect(report).toMatchObject({ ...capacity, code: "circle_credentials" });
    const stranger = await committed({ entitySecret: "ab".repeat(32) });
    const refused = { ...capacity, code: "circle_entity_secret" };
    expect(await stranger.lane.submit(stranger.send, SIGNAL)).toMatchObject(refused);
  });
});

describe("a refusal", () => {
  test.each([156020, 155208])(
    "code %i asks for a new key, under which the send is taken",
    async (code) => {
      const { lane, item, send } = await committed();
      await world.onPost({ kind: "refuse", code });
      expect(await lane.submit(send, SIGNAL)).toMatchObject({
        kind: "refused",
        code: `circle_${code}`,
      });
      const ticket = await lane.prepare(send);
      expect(ticket).not.toEqual(send.ticket);
      await submit(lane, { ...send, ticket });
      await world.until(item, "Paid");
    },
  );
});

describe("what Circle itself does twice", () => {
  test("one request that is executed twice moves the money once", async () => {
    const { lane, item, send } = await committed();
    await world.onPost({ kind: "executeTwice" });
    await submit(lane, send);
    await world.until(item, "Paid", "Skipped");
    expect(await world.received(item)).toBe(item.amount);
    expect(await executionsOf(send)).toHaveLength(2);
  });

  test("a key that Circle has forgotten makes a second transaction and moves the money once", async () => {
    const { lane, item, send } = await committed();
    const first = await submit(lane, send);
    await world.onPost({ kind: "forgetKey" });
    const second = await submit(lane, send);
    expect(second.ticket).not.toEqual(first.ticket);
    await world.until(item, "Paid", "Skipped");
    expect(await world.received(item)).toBe(item.amount);
  });
});
