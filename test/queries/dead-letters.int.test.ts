import { expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { discardDeadLetter } from "../../src/acceptance/discard-dead-letter.ts";
import { derivedIdempotencyKey, paymentIdOf } from "../../src/payment/ids.ts";
import { getDeadLetter } from "../../src/queries/get-dead-letter.ts";
import { listDeadLetters } from "../../src/queries/list-dead-letters.ts";
import { fromHttp, taskCompleted, units } from "../support/acceptance.ts";
import { becomeLetter, bytesOf, replayOver } from "../support/dead-letters.ts";
import { freshDatabase } from "../support/database.ts";
import { insertPlatform, insertWorker } from "../support/seed.ts";

/** A payment that is accepted, and who may contradict it. */
async function openShop() {
  const database = await freshDatabase();
  const { pool } = database;
  const deps = replayOver(pool);
  await insertPlatform(pool, { id: "platform-1", taskSource: "event" });
  await insertWorker(pool, { id: "worker-1" });
  const submissions = [fromHttp(taskCompleted())];
  await acceptBatch(deps, { submissions, offsets: [] });
  return { database, pool, deps };
}

test("a letter shows its bytes, headers and event, and the differing field with both values", async () => {
  const { database, pool, deps } = await openShop();
  await using _ = database;
  const event = taskCompleted({ eventId: "another", amount: units(60) });
  const headers = { text: [Buffer.from("t")], bytes: [Buffer.from([0xff])] };
  const id = await becomeLetter(deps, event, headers);
  expect(await getDeadLetter(pool, deps.decodeTaskCompleted, id)).toMatchObject({
    id,
    status: "open",
    code: "idempotency_key_conflict",
    field: "amount",
    paymentId: paymentIdOf("platform-1", "task-1"),
    topic: "task.completed",
    partition: 0,
    offset: "0",
    key: { base64: Buffer.from("key").toString("base64"), text: "key" },
    value: { base64: bytesOf(event).toString("base64"), text: String(bytesOf(event)) },
    headers: { text: "t", bytes: { base64: "/w==" } },
    event: { eventId: "another", amount: "60.000000", idempotencyKey: null },
    difference: { field: "amount", letter: "60.000000", payment: "50.000000" },
    history: [],
  });
});

test("a differing key that the event leaves out is shown as the derived one", async () => {
  const { database, pool, deps } = await openShop();
  await using _ = database;
  const own = taskCompleted({ taskId: "task-2", idempotencyKey: "their-own" });
  await acceptBatch(deps, { submissions: [fromHttp(own)], offsets: [] });
  const id = await becomeLetter(deps, { ...own, eventId: "another", idempotencyKey: null });
  expect(await getDeadLetter(pool, deps.decodeTaskCompleted, id)).toMatchObject({
    code: "task_has_payment",
    difference: {
      field: "idempotencyKey",
      letter: derivedIdempotencyKey("task-2", "worker-1"),
      payment: "their-own",
    },
  });
});

test("what cannot be read is shown as bytes, with what was done about it", async () => {
  const { database, pool, deps } = await openShop();
  await using _ = database;
  const id = await becomeLetter(deps, "garbage");
  await discardDeadLetter(deps, id, { actor: "operator:ada", reason: "not ours" });
  const decode = deps.decodeTaskCompleted;
  expect(await getDeadLetter(pool, decode, id)).toMatchObject({
    status: "discarded",
    closedBy: "operator:ada",
    closedReason: "not ours",
    event: null,
    difference: null,
    value: { text: "garbage" },
    history: [{ actor: "operator:ada", action: "dead_letter.discarded" }],
  });
  expect(await getDeadLetter(pool, decode, paymentIdOf("p", "nobody"))).toBeNull();
});

test("lists page by place, newest first, and filter by status, reason and platform", async () => {
  const { database, pool, deps } = await openShop();
  await using _ = database;
  const ids = [
    await becomeLetter(deps, "garbage"),
    await becomeLetter(deps, taskCompleted({ platformId: "nowhere" })),
    await becomeLetter(deps, taskCompleted({ eventId: "e2", amount: units(60) })),
  ];
  await discardDeadLetter(deps, ids[0] ?? "", { actor: "operator:ada", reason: "not ours" });
  const listed = async (filter: Parameters<typeof listDeadLetters>[1]) =>
    (await listDeadLetters(pool, filter)).data.map(({ id }) => id);
  expect(await listed({})).toEqual(ids.toReversed());
  expect(await listed({ status: "open" })).toEqual([ids[2], ids[1]]);
  expect(await listed({ code: "not_avro" })).toEqual([ids[0]]);
  expect(await listed({ platformId: "nowhere" })).toEqual([ids[1]]);
  const first = await listDeadLetters(pool, {}, { limit: 2 });
  const second = await listDeadLetters(pool, {}, { limit: 2, cursor: first.nextCursor ?? "" });
  expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids.toReversed());
  expect(second.nextCursor).toBeNull();
});
