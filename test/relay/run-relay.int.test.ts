import { once } from "node:events";
import { Client } from "pg";
import { pino } from "pino";
import { sql } from "slonik";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { anyRow } from "../../src/database/pool.ts";
import {
  relayOnce,
  runRelay,
  type PublishPort,
  type RelayDeps,
} from "../../src/relay/run-relay.ts";
import { createWake } from "../../src/wake.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";
import { tapPostgres } from "../support/tap-postgres.ts";
import { unobserved } from "../support/unobserved.ts";
import { untraced } from "../../src/tracing/tracing.ts";

type Records = Parameters<PublishPort["publish"]>[0];

let db: FreshDatabase;
let alarms: string[];

beforeEach(async () => {
  db = await freshDatabase();
  alarms = [];
});
afterEach(() => db[Symbol.asyncDispose]());

/** A test double at the port: what Kafka does is tested with a real broker in test/kafka. */
function scriptedPublisher(answer: (records: Records) => ReturnType<PublishPort["publish"]>) {
  const published: string[] = [];
  const publisher: PublishPort = {
    async publish(records) {
      const result = await answer(records);
      const refused = new Set(result.refused.map(({ index }) => index));
      published.push(
        ...records.filter((_, i) => !refused.has(i)).map(({ value }) => String(value)),
      );
      return result;
    },
  };
  return { published, publisher };
}

const takesAll = async () => ({ refused: [] });

function depsOf(publisher: PublishPort): RelayDeps {
  const onAlarm = ({ kind }: { kind: string }) => alarms.push(kind);
  const log = pino({ level: "silent" });
  const onPublished = () => undefined;
  const unseen = { metrics: unobserved, tracing: untraced };
  return { pool: db.pool, publisher, log, wake: createWake(), onAlarm, onPublished, ...unseen };
}

async function insertRows(...rows: { payload: string; paymentId?: string; topic?: string }[]) {
  for (const { payload, paymentId, topic } of rows) {
    await db.pool.query(sql.type(anyRow)`
      INSERT INTO outbox (event_id, topic, key, payload, headers, payment_id)
      VALUES (gen_random_uuid(), ${topic ?? "payment.completed"}, 'k', ${sql.binary(Buffer.from(payload))},
        '{"event-id": "e"}', ${paymentId ?? null}::uuid)`);
  }
}

const unpublished = () =>
  db.pool.oneFirst(
    sql.type(z.object({ n: z.number() }))`
      SELECT count(*)::int AS n FROM outbox WHERE published_at IS NULL`,
  );

const PAYMENT = "11111111-1111-4111-8111-111111111111";

test("a crash between publishing and marking publishes the same events again, and loses none", async () => {
  await insertRows({ payload: "a" }, { payload: "b" });
  const { published, publisher } = scriptedPublisher(takesAll);
  const crashing = {
    ...depsOf(publisher),
    pool: { ...db.pool, connect: () => Promise.reject(new Error("crash")) },
  };
  await expect(relayOnce(crashing as RelayDeps)).rejects.toThrow("crash");
  await relayOnce(depsOf(publisher));
  expect(published).toEqual(["a", "b", "a", "b"]);
  expect(await unpublished()).toBe(0);
});

test("a payment's younger event is not in one batch with its older one", async () => {
  await insertRows(
    { payload: "failed 1", paymentId: PAYMENT, topic: "payment.failed" },
    { payload: "other" },
    { payload: "completed 2", paymentId: PAYMENT },
  );
  const batches: number[] = [];
  const { published, publisher } = scriptedPublisher(async (records) => {
    batches.push(records.length);
    return { refused: [] };
  });
  const deps = depsOf(publisher);
  while ((await relayOnce(deps)).relayed > 0);
  expect(batches).toEqual([2, 1]);
  expect(published).toEqual(["failed 1", "other", "completed 2"]);
});

test("a row that Kafka refuses is parked with an alarm; its payment's later row waits, its neighbours go", async () => {
  await insertRows(
    { payload: "huge", paymentId: PAYMENT },
    { payload: "neighbour" },
    { payload: "later", paymentId: PAYMENT },
  );
  const { published, publisher } = scriptedPublisher(async (records) => ({
    refused: records.flatMap(({ value }, index) =>
      String(value) === "huge" ? [{ index, reason: "MESSAGE_TOO_LARGE" }] : [],
    ),
  }));
  const deps = depsOf(publisher);
  while ((await relayOnce(deps)).relayed > 0);
  expect(published).toEqual(["neighbour"]);
  expect(alarms).toEqual(["publish_refused"]);
  const audited = await db.pool.anyFirst(
    sql.type(z.object({ action: z.string() }))`SELECT action FROM audit_log`,
  );
  expect(audited).toEqual(["alarm.publish_refused"]);
});

test("doubt publishes again until Kafka has acknowledged, and a ring wakes it", async () => {
  await insertRows({ payload: "a" });
  let failures = 2;
  const done = Promise.withResolvers<void>();
  const { published, publisher } = scriptedPublisher(async () => {
    if (failures-- > 0) throw new Error("no acknowledgement");
    done.resolve();
    return { refused: [] };
  });
  const stopping = new AbortController();
  const running = runRelay(depsOf(publisher), stopping.signal);
  await done.promise;
  await expect.poll(unpublished).toBe(0);
  stopping.abort();
  await running;
  expect(published).toEqual(["a"]);
});

test("many large rows go in several batches, all of them", async () => {
  const large = "x".repeat(3 * 1024 * 1024);
  await insertRows(...Array.from({ length: 5 }, () => ({ payload: large })), { payload: "small" });
  const batches: number[] = [];
  const { publisher } = scriptedPublisher(async (records) => {
    batches.push(records.length);
    return { refused: [] };
  });
  const deps = depsOf(publisher);
  while ((await relayOnce(deps)).relayed > 0);
  expect(batches).toEqual([3, 3]);
});

/** Relays until it waits for a bell; answers how often it has looked by then. */
async function looksUntilAsleep(): Promise<number> {
  using tap = tapPostgres();
  const asleep = Promise.withResolvers<void>();
  const heard = async (_timeoutMs: number, signal: AbortSignal) => {
    asleep.resolve();
    if (!signal.aborted) await once(signal, "abort");
  };
  const stopping = new AbortController();
  const { publisher } = scriptedPublisher(takesAll);
  const wake = { ...createWake(), heard };
  const running = runRelay({ ...depsOf(publisher), wake }, stopping.signal);
  await asleep.promise;
  const looks = tap.statements.filter(({ name }) => name === "relay-read-unpublished");
  stopping.abort();
  await running;
  return looks.length;
}

test("one look is enough for what fits into a batch", async () => {
  await insertRows({ payload: "a", paymentId: PAYMENT }, { payload: "b" });
  expect(await looksUntilAsleep()).toBe(1);
  expect(await unpublished()).toBe(0);
});

test("what can go out right behind a batch waits for no bell: a payment's later row, what was too large, what was too many", async () => {
  await insertRows({ payload: "1", paymentId: PAYMENT }, { payload: "2", paymentId: PAYMENT });
  expect(await looksUntilAsleep()).toBe(2);
  const large = "x".repeat(5 * 1024 * 1024);
  await insertRows({ payload: large }, { payload: large }, { payload: large });
  expect(await looksUntilAsleep()).toBe(2);
  await insertRows(...Array.from({ length: 201 }, () => ({ payload: "small" })));
  expect(await looksUntilAsleep()).toBe(2);
  expect(await unpublished()).toBe(0);
});

test("a row whose transaction committed after younger ones had been published still goes out", async () => {
  const { published, publisher } = scriptedPublisher(takesAll);
  const deps = depsOf(publisher);
  const slow = new Client({ connectionString: db.url });
  await slow.connect();
  await slow.query("BEGIN");
  await slow.query(
    "INSERT INTO outbox (event_id, topic, payload) VALUES (gen_random_uuid(), 't', 'slow')",
  );
  await insertRows({ payload: "quick" });
  await relayOnce(deps);
  await slow.query("COMMIT");
  await slow.end();
  await relayOnce(deps);
  expect(published).toEqual(["quick", "slow"]);
});
