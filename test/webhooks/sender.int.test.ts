import { sql } from "slonik";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { changeEndpoint } from "../../src/webhooks/change-endpoint.ts";
import { claimDue } from "../../src/webhooks/claim-due.ts";
import { recordTries } from "../../src/webhooks/record-tries.ts";
import { redeliver } from "../../src/webhooks/redeliver.ts";
import { rotateEndpointSecret } from "../../src/webhooks/rotate-endpoint-secret.ts";
import { TURN_LIMITS } from "../../src/webhooks/share-turns.ts";
import { shownOf } from "../metrics/read-metric.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";
import { holdClock } from "../support/hold-clock.ts";
import { rowsOf } from "../support/read-rows.ts";
import { insertPlatform } from "../support/seed.ts";
import { answering, silent, startReceiver, type Received, type Receiver } from "./receiver.ts";
import { makeDue, openEndpoint, owe, readDeliveries, startSending } from "./webhook-world.ts";

const WAIT = { timeout: 30_000, interval: 20 };
const actor = { actor: "test" };

let database: FreshDatabase;
let pool: Database;
let receiver: Receiver;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await freshDatabase());
  pool = database.pool;
  for (const id of ["acme", "other"]) await insertPlatform(pool, { id });
  receiver = stack.use(await startReceiver());
});
afterEach(() => stack.disposeAsync());

const sending = (options?: Parameters<typeof startSending>[1]) =>
  stack.use(startSending(pool, options));
const idsOf = (received: readonly Received[]) =>
  received.map(({ headers }) => String(headers["webhook-id"]));
const only = async () => {
  const [delivery, ...others] = await readDeliveries(pool);
  if (!delivery || others.length > 0) throw new Error("not one delivery");
  return delivery;
};
const untilStatus = (status: string) =>
  vi.waitFor(async () => expect((await only()).status).toBe(status), WAIT);
/** The try is over and written down; while it is under way it says nothing of itself. */
const untilTold = (outcome: string) =>
  vi.waitFor(async () => expect((await only()).lastOutcome).toBe(outcome), WAIT);
test("a refused delivery comes again with the same id and bytes, a fresh time and both secrets' signatures", async () => {
  const endpoint = await openEndpoint(pool, receiver.url);
  const rotated = await rotateEndpointSecret(pool, endpoint, actor);
  const [webhookId] = await owe(pool, endpoint.id, 1);
  receiver.answer = answering(500);
  const { look } = sending();
  await untilTold("rejected");
  expect(await only()).toMatchObject({ status: "pending", attempts: 1 });
  expect((await only()).waitSeconds).toBeLessThanOrEqual(5);
  receiver.answer = answering(204);
  await holdClock(pool, 6_000);
  look();
  await untilStatus("delivered");
  const [first, second] = receiver.received.items;
  if (!first || !second || !rotated) throw new Error("not two tries");
  expect(idsOf([first, second])).toEqual([webhookId, webhookId]);
  expect(second.body).toBe(first.body);
  const timeOf = ({ headers }: Received) => Number(headers["webhook-timestamp"]);
  expect(timeOf(second)).toBeGreaterThan(timeOf(first));
  for (const { body, headers } of [first, second]) {
    for (const secret of [rotated.secret, endpoint.secret]) {
      const verify = () => new Webhook(secret).verify(body, headers as Record<string, string>);
      expect(verify).not.toThrow();
    }
  }
});

test("a day after a rotation the old secret signs no more", async () => {
  const endpoint = await openEndpoint(pool, receiver.url);
  await rotateEndpointSecret(pool, endpoint, actor);
  await pool.query(
    sql.type(
      anyRow,
    )`UPDATE webhook_secrets SET previous_until = payment_now() - interval '1 second'`,
  );
  await owe(pool, endpoint.id, 1);
  sending();
  const { headers } = await receiver.received.next("the delivery", () => true);
  expect(String(headers["webhook-signature"]).split(" ")).toHaveLength(1);
});

test("after the tenth try a delivery is exhausted and shown as such; redelivered, it goes out under the same id", async () => {
  const endpoint = await openEndpoint(pool, receiver.url);
  const [webhookId] = await owe(pool, endpoint.id, 1);
  await pool.query(sql.type(anyRow)`UPDATE webhook_deliveries SET attempts = 9`);
  receiver.answer = answering(503);
  const { look, metrics } = sending();
  await untilStatus("exhausted");
  const series = "payments_webhook_exhausted_total";
  await vi.waitFor(async () => expect(await shownOf(metrics, series)).toBe(1), WAIT);
  receiver.answer = answering(200);
  const { id } = await only();
  await redeliver(pool, { ...endpoint, id, endpointId: endpoint.id }, actor);
  look();
  await untilStatus("delivered");
  expect(new Set(idsOf(receiver.received.items))).toEqual(new Set([webhookId]));
  expect((await only()).attempts).toBe(11);
});

test("410 disables the endpoint; what waits for it waits until its platform enables it", async () => {
  const endpoint = await openEndpoint(pool, receiver.url);
  await owe(pool, endpoint.id, 1);
  receiver.answer = answering(410);
  const { look, metrics } = sending();
  await vi.waitFor(async () => {
    const [row] = await rowsOf(pool, "webhook_endpoints");
    expect(row?.["disabled_reason"]).toBe("gone");
  }, WAIT);
  expect(await only()).toMatchObject({ status: "pending", attempts: 1, lastOutcome: "gone" });
  const audit = await rowsOf(pool, "audit_log");
  expect(audit.at(-1)).toMatchObject({
    actor: "system",
    action: "webhook_endpoint.disabled",
    details: { platformId: "acme", endpointId: endpoint.id, reason: "gone" },
  });
  const series = 'payments_webhook_endpoints_disabled_total{reason="gone"}';
  await vi.waitFor(async () => expect(await shownOf(metrics, series)).toBe(1), WAIT);

  await owe(pool, endpoint.id, 1);
  const other = await openEndpoint(pool, receiver.url, { platformId: "other" });
  receiver.answer = answering(204);
  await makeDue(pool);
  const [told] = await owe(pool, other.id, 1);
  look();
  await receiver.received.next("the other's", ({ headers }) => headers["webhook-id"] === told);
  expect(receiver.received.items, "the disabled one is told nothing").toHaveLength(2);

  await changeEndpoint(pool, endpoint.id, { enabled: true }, actor);
  look();
  await receiver.received.until("what waited", ({ length }) => length === 4);
});

test("410 from where an endpoint was before says nothing of where it is now", async () => {
  const endpoint = await openEndpoint(pool, receiver.url);
  await owe(pool, endpoint.id, 1);
  const held: (() => void)[] = [];
  receiver.answer = (response) => void held.push(() => response.writeHead(410).end());
  const { look } = sending();
  await receiver.received.next("the try", () => true);
  const moved = stack.use(await startReceiver());
  await changeEndpoint(pool, endpoint.id, { url: moved.url }, actor);
  held.shift()?.();
  await untilTold("gone");
  await makeDue(pool);
  look();
  await moved.received.next("the next try", () => true);
  expect(await rowsOf(pool, "webhook_endpoints")).toMatchObject([{ disabled_reason: null }]);
});

test("what a dead process had claimed, sent or not, is sent again once its lease is over, and its own word comes too late", async () => {
  const endpoint = await openEndpoint(pool, receiver.url);
  const [webhookId] = await owe(pool, endpoint.id, 1);
  const [dead] = await claimDue(pool, new Map([[endpoint.id, 4]]), 60_000);
  if (!dead) throw new Error("nothing was claimed");
  expect(await claimDue(pool, new Map([[endpoint.id, 4]]), 60_000)).toEqual([]);
  await makeDue(pool);
  const [second] = await claimDue(pool, new Map([[endpoint.id, 4]]), 60_000);
  expect(second).toMatchObject({ id: dead.id, messageId: webhookId, attempt: 2 });
  const refused = { kind: "rejected", statusCode: 500 } as const;
  await recordTries(pool, [{ claimed: dead, outcome: refused, durationMs: 1 }]);
  expect(await only()).toMatchObject({ status: "pending", attempts: 2, lastOutcome: null });
  await makeDue(pool);
  sending();
  await untilStatus("delivered");
  await recordTries(pool, [{ claimed: dead, outcome: refused, durationMs: 1 }]);
  expect((await only()).status, "what has arrived has arrived").toBe("delivered");
  expect(idsOf(receiver.received.items)).toEqual([webhookId]);
});

test("two instances send each delivery once", async () => {
  const endpoint = await openEndpoint(pool, receiver.url);
  const ids = await owe(pool, endpoint.id, 60);
  const senders = [sending(), sending()];
  await receiver.received.until("all of them", ({ length }) => length >= ids.length);
  await vi.waitFor(async () => {
    const deliveries = await readDeliveries(pool);
    expect(deliveries.filter(({ status }) => status !== "delivered")).toEqual([]);
  }, WAIT);
  for (const { look } of senders) look();
  expect(idsOf(receiver.received.items).toSorted()).toEqual(ids.toSorted());
});

test("a receiver that hangs takes its own platform's turns and delays nobody else's", async () => {
  const hung = stack.use(await startReceiver(silent));
  const endpoints = await Promise.all([1, 2, 3, 4].map(() => openEndpoint(pool, hung.url)));
  for (const { id } of endpoints) await owe(pool, id, 100);
  const other = await openEndpoint(pool, receiver.url, { platformId: "other" });
  // Hangs as long as this test takes.
  sending({ timeoutMs: 120_000, leaseMs: 180_000 });
  await hung.received.until("its turns", ({ length }) => length >= TURN_LIMITS.platform);
  const ids = await owe(pool, other.id, 50);
  await receiver.received.until("the other's", ({ length }) => length >= ids.length);
  expect(hung.received.items).toHaveLength(TURN_LIMITS.platform);
});

test("a try that comes through last ends what another one that was begun with it had begun to call failing", async () => {
  const endpoint = await openEndpoint(pool, receiver.url);
  const held: ((status: number) => void)[] = [];
  receiver.answer = (response) => void held.push((status) => response.writeHead(status).end());
  await owe(pool, endpoint.id, 2);
  sending();
  await receiver.received.until("both", ({ length }) => length === 2);
  const failingSince = async () => (await rowsOf(pool, "webhook_endpoints"))[0]?.["failing_since"];
  held.shift()?.(500);
  await vi.waitFor(async () => expect(await failingSince()).not.toBeNull(), WAIT);
  held.shift()?.(204);
  await vi.waitFor(async () => expect(await failingSince()).toBeNull(), WAIT);
});

test("tries that outlive their leases take up their endpoint's turns, and no more of them are begun", async () => {
  const hung = stack.use(await startReceiver(silent));
  const endpoint = await openEndpoint(pool, hung.url);
  const other = await openEndpoint(pool, receiver.url, { platformId: "other" });
  await owe(pool, endpoint.id, 1);
  const { look } = sending({ timeoutMs: 120_000, leaseMs: 180_000 });
  for (let turn = 1; turn <= TURN_LIMITS.endpoint; turn += 1) {
    await hung.received.until(`try ${turn}`, ({ length }) => length === turn);
    await makeDue(pool);
    look();
  }
  const [told] = await owe(pool, other.id, 1);
  look();
  await receiver.received.next("the other's", ({ headers }) => headers["webhook-id"] === told);
  expect(hung.received.items).toHaveLength(TURN_LIMITS.endpoint);
});

test("an endpoint that fails has one turn at a time, and all of them again once it answers", async () => {
  const endpoint = await openEndpoint(pool, receiver.url);
  await owe(pool, endpoint.id, 1);
  receiver.answer = answering(500);
  const { look } = sending();
  const failingSince = async () => (await rowsOf(pool, "webhook_endpoints"))[0]?.["failing_since"];
  await vi.waitFor(async () => expect(await failingSince()).not.toBeNull(), WAIT);
  const held: (() => void)[] = [];
  receiver.answer = (response) => void held.push(() => response.writeHead(204).end());
  await owe(pool, endpoint.id, 2 * TURN_LIMITS.endpoint);
  await makeDue(pool);
  look();
  await receiver.received.until("one more", ({ length }) => length === 2);
  look();
  await receiver.received.next("the second", () => true);
  expect(held, "one at a time").toHaveLength(1);
  held.shift()?.();
  await receiver.received.until(
    "all its turns",
    ({ length }) => length === 2 + TURN_LIMITS.endpoint,
  );
  expect(await failingSince()).toBeNull();
  for (const release of held) release();
  receiver.answer = answering(204);
});

test("a stop breaks tries off; they are due at once and not counted", async () => {
  receiver.answer = silent;
  const endpoint = await openEndpoint(pool, receiver.url);
  const [webhookId] = await owe(pool, endpoint.id, 1);
  const stopped = startSending(pool, { timeoutMs: 120_000, leaseMs: 180_000 });
  await receiver.received.next("the try", () => true);
  await stopped[Symbol.asyncDispose]();
  expect(await only()).toMatchObject({ status: "pending", waitSeconds: 0, lastOutcome: "stopped" });
  receiver.answer = answering(204);
  sending();
  await untilStatus("delivered");
  expect(idsOf(receiver.received.items)).toEqual([webhookId, webhookId]);
  const [row] = await rowsOf(pool, "webhook_deliveries");
  expect(Number(row?.["attempts_max"]) - Number(row?.["attempts"]), "nine are left").toBe(9);
});
