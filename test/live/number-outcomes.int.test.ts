import { Client } from "pg";
import { sql } from "slonik";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import { forgetEvents } from "../../src/live/forget-events.ts";
import { findResumption, readPlace } from "../../src/live/live-place.ts";
import { numberOutcomes } from "../../src/live/number-outcomes.ts";
import { readOutcomes } from "../../src/live/read-outcomes.ts";
import { eventIdOf, paymentIdOf } from "../../src/payment/ids.ts";
import { openRestore } from "../../src/restore/open-restore.ts";
import { freshDatabase, type FreshDatabase } from "../support/database.ts";
import { decide } from "../support/decide.ts";
import { countOf } from "../support/read-rows.ts";
import { insertDeployment } from "../support/seed.ts";
import { log } from "../webhooks/webhook-world.ts";

const ALL = { platformId: null, workerId: null, paymentId: null };

let database: FreshDatabase;
let clients: Client[];

beforeEach(async () => {
  database = await freshDatabase();
  clients = await Promise.all([connect(), connect(), connect()]);
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await database[Symbol.asyncDispose]();
});

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return client;
}

function client(index: number): Client {
  return clients[index] ?? expect.fail("no such client");
}

/** What a reader sees that has seen all up to `after`. */
async function read(after: bigint, filter: object = {}) {
  const { last } = await readPlace(database.pool);
  const range = { after, upTo: last, limit: 1_000 };
  return readOutcomes(database.pool, range, { ...ALL, ...filter });
}

async function tasks(after = 0n): Promise<string[]> {
  return (await read(after)).map(({ told }) => told.taskId);
}

test("who commits late is numbered late: a reader that has seen the first of two loses neither", async () => {
  const [slow, quick] = [client(0), client(1)];
  await slow.query("BEGIN");
  await decide(slow, { taskId: "inserted-first" });
  await decide(quick, { taskId: "committed-first" });
  expect(await numberOutcomes(database.pool)).toBe(1);
  const [seen] = await read(0n);
  expect(seen).toMatchObject({ number: 1n, told: { taskId: "committed-first" } });
  await slow.query("COMMIT");
  expect(await numberOutcomes(database.pool)).toBe(1);
  expect(await tasks(seen?.number ?? 0n)).toEqual(["inserted-first"]);
});

test("what was rolled back is never told, and leaves no hole that anybody waits at", async () => {
  await client(0).query("BEGIN");
  await decide(client(0), { taskId: "undone" });
  await client(0).query("ROLLBACK");
  await decide(client(1), { taskId: "done" });
  await numberOutcomes(database.pool);
  expect(await read(0n)).toMatchObject([{ number: 1n, told: { taskId: "done" } }]);
});

test("two who number at once give each outcome one number, and no number is seen before a lower one", async () => {
  const other = await database.openAnotherPool();
  const lock = client(2);
  await decide(client(0), { taskId: "a" }, { taskId: "b" });
  await lock.query("BEGIN; SELECT last FROM live_sequence FOR UPDATE");
  const both = [numberOutcomes(database.pool), numberOutcomes(other)];
  await decide(client(1), { taskId: "c" });
  await lock.query("COMMIT");
  const numbered = await Promise.all(both);
  await numberOutcomes(other);
  expect(numbered).toContain(0);
  expect((await read(0n)).map(({ number }) => number)).toEqual([1n, 2n, 3n]);
  expect(new Set(await tasks())).toEqual(new Set(["a", "b", "c"]));
  expect(await countOf(database.pool, "live_unnumbered")).toBe(0);
});

test("beside many who commit in any order, a reader that only goes on meets everything once", async () => {
  const other = await database.openAnotherPool();
  const writers = clients.map(async (writer, index) => {
    for (let round = 0; round < 20; round += 1) {
      await writer.query("BEGIN");
      await decide(writer, { taskId: `${index}-${round}-x` }, { taskId: `${index}-${round}-y` });
      // As long as it takes, and never the same: the others commit meanwhile.
      for (let n = 0; n < (round * 7 + index * 3) % 5; n += 1) await writer.query("SELECT 1");
      await writer.query("COMMIT");
    }
  });
  const over = new AbortController();
  const written = Promise.all(writers).finally(() => over.abort());
  const number = async (pool: typeof other) => {
    while (!over.signal.aborted) await numberOutcomes(pool);
  };
  // Both may have looked just before the last commit.
  const numbered = Promise.all([written, number(database.pool), number(other)]).then(async () => {
    while ((await numberOutcomes(other)) > 0);
  });
  const met: bigint[] = [];
  const follow = async () => {
    for (let isLast = false; !isLast;) {
      isLast = over.signal.aborted && (await countOf(database.pool, "live_unnumbered")) === 0;
      met.push(...(await read(met.at(-1) ?? 0n)).map((event) => event.number ?? 0n));
    }
  };
  await Promise.all([numbered, follow()]);
  expect(met).toEqual(Array.from({ length: 120 }, (_, n) => BigInt(n + 1)));
});

test("an event says what its generation came to, though the payment was retried on other terms since", async () => {
  await decide(client(0), { taskId: "t", message: "The worker is another one." });
  await numberOutcomes(database.pool);
  const id = paymentIdOf("acme", "t");
  await database.pool.query(sql.type(anyRow)`
    UPDATE payments SET state = 'accepted', generation = 2, worker_id = 'bob', amount = 60, failure_code = NULL,
      failure_message = NULL, failure_retryable = NULL, settled_at = NULL WHERE id = ${id}`);
  expect(await read(0n)).toMatchObject([
    {
      told: {
        eventId: eventIdOf(id, 1, "failed"),
        type: "payment.failed",
        generation: 1,
        workerId: "amy",
        amount: "50.000000",
        failure: {
          code: "worker_mismatch",
          message: "The worker is another one.",
          retryable: true,
        },
        txHash: null,
      },
    },
  ]);
});

test("filters take what is asked for and nothing else", async () => {
  const [first] = await decide(
    client(0),
    { taskId: "1" },
    { taskId: "2", workerId: "bob" },
    { taskId: "3", platformId: "other" },
  );
  await numberOutcomes(database.pool);
  const found = async (filter: object) => (await read(0n, filter)).map(({ told }) => told.taskId);
  expect(await found({ platformId: "other" })).toEqual(["3"]);
  expect(await found({ workerId: "amy" })).toEqual(["1", "3"]);
  expect(await found({ workerId: "amy", platformId: "acme" })).toEqual(["1"]);
  expect(await found({ paymentId: first })).toEqual(["1"]);
  expect(await found({ paymentId: first, platformId: "other" })).toEqual([]);
});

test("what is too old is let go, and who has not seen it is told so", async () => {
  await decide(client(0), { taskId: "1" }, { taskId: "2" });
  await numberOutcomes(database.pool);
  await database.pool.query(sql.type(anyRow)`
    UPDATE live_events SET numbered_at = numbered_at - interval '8 days'`);
  await decide(client(0), { taskId: "3" });
  await numberOutcomes(database.pool);
  const { epoch } = await readPlace(database.pool);
  const from = (number: bigint) => findResumption(database.pool, { epoch, number });
  expect(await from(0n)).toEqual({ kind: "from", number: 0n });
  expect(await forgetEvents(database.pool)).toBe(2);
  expect(await tasks()).toEqual(["3"]);
  expect(await from(1n)).toEqual({ kind: "expired" });
  expect(await from(2n)).toEqual({ kind: "from", number: 2n });
  expect(await from(3n)).toEqual({ kind: "from", number: 3n });
  expect(await from(4n)).toEqual({ kind: "unknown" });
  expect(await forgetEvents(database.pool)).toBe(0);
});

test("a restored backup passes nothing over: an id of its forgotten future leads back to where it stands", async () => {
  await insertDeployment(database.pool);
  await decide(client(0), { taskId: "1" }, { taskId: "2" });
  await numberOutcomes(database.pool);
  const { epoch: before } = await readPlace(database.pool);
  // In the life that the backup has no memory of, somebody had heard of event 7.
  const sign = { kind: "declared", actor: "operator:ada", reason: "restored" } as const;
  expect(await openRestore({ db: database.pool, log }, sign)).toBe(true);
  await decide(client(0), { taskId: "3" });
  await numberOutcomes(database.pool);
  const place = await readPlace(database.pool);
  expect(place).toMatchObject({ after: 2n, last: 3n });
  expect(place.epoch).not.toBe(before);
  const from = (epoch: string, number: bigint) => findResumption(database.pool, { epoch, number });
  expect(await from(before, 7n)).toEqual({ kind: "from", number: 2n });
  expect(await from(before, 1n)).toEqual({ kind: "from", number: 1n });
  expect(await from(place.epoch, 3n)).toEqual({ kind: "from", number: 3n });
  expect(await from(place.epoch, 7n)).toEqual({ kind: "unknown" });
  expect(await from("ffffffff", 1n), "of a life that nobody remembers").toEqual({
    kind: "expired",
  });
});

test("whoever may write outcomes needs no right to the queue", async () => {
  const admin = client(0);
  await admin.query("SET ROLE gigpay_serving");
  await decide(admin, { taskId: "t" });
  await admin.query("RESET ROLE");
  await admin.query(
    "REVOKE ALL ON live_unnumbered, live_sequence, live_epochs FROM gigpay_serving",
  );
  await admin.query("SET ROLE gigpay_serving");
  await decide(admin, { taskId: "t2" });
  await admin.query("RESET ROLE");
  expect(await numberOutcomes(database.pool)).toBe(2);
});
