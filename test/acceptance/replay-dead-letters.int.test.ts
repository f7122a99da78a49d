import * as fc from "fast-check";
import { sql } from "slonik";
import { expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { discardDeadLetter } from "../../src/acceptance/discard-dead-letter.ts";
import { replayDeadLetter } from "../../src/acceptance/replay-dead-letter.ts";
import { replayDeadLetters, selectLetters } from "../../src/acceptance/replay-dead-letters.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { PaymentError } from "../../src/errors.ts";
import { armFailpoints } from "../../src/failpoint.ts";
import { paymentIdOf } from "../../src/payment/ids.ts";
import { NO_CONTRACT } from "../../src/payment/method.ts";
import { batchOf, fromHttp, taskCompleted, units } from "../support/acceptance.ts";
import { becomeLetter, bytesOf, replayOver, type TestReplay } from "../support/dead-letters.ts";
import { freshDatabase } from "../support/database.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { insertDeployment, insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";
import { tamper } from "../support/tamper.ts";

const order = { actor: "operator:ada", reason: "the platform is set up now", dryRun: false };
const paymentId = paymentIdOf("platform-1", "task-1");

async function openShop(
  pool: Database,
  taskSource: "event" | "directory" = "event",
): Promise<TestReplay> {
  await insertPlatform(pool, { id: "platform-1", taskSource });
  await insertWorker(pool, { id: "worker-1" });
  return replayOver(pool);
}

/** A letter of a platform that was not known when its event came, and is now. */
async function letterOfNewPlatform(pool: Database) {
  const deps = replayOver(pool);
  const event = taskCompleted();
  const headers = { traceparent: [Buffer.from("t")], twice: [Buffer.from("a"), Buffer.from([0])] };
  const id = await becomeLetter(deps, event, headers);
  await openShop(pool);
  return { deps, id, event };
}

/** A payment that failed, by an event that was wrong. */
async function failedBy(deps: TestReplay, changes: Parameters<typeof taskCompleted>[0]) {
  const outcome = await acceptBatch(deps, batchOf([taskCompleted(changes)]));
  expect(outcome).toMatchObject({ kind: "durable", results: [{ state: "failed" }] });
}

test("a letter's own bytes become the payment, and the letter is closed in that commit with who and why", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const { deps, id, event } = await letterOfNewPlatform(pool);
  const before = await rowsOf(pool, "dead_letters");
  expect(await replayDeadLetter(deps, id, order)).toEqual({
    kind: "replayed",
    verdict: "new",
    paymentId,
    generation: 1,
    state: "planned",
  });
  expect(await rowsOf(pool, "payments")).toMatchObject([{ id: paymentId, state: "planned" }]);
  expect(await rowsOf(pool, "inbox")).toMatchObject([
    { event_id: event.eventId, topic: "task.completed", partition: 0, record_offset: 0n },
  ]);
  const [letter] = await rowsOf(pool, "dead_letters");
  expect(letter).toMatchObject({
    status: "replayed",
    closed_by: "operator:ada",
    closed_reason: order.reason,
    value: bytesOf(event),
    headers: before[0]?.["headers"],
  });
  expect(await rowsOf(pool, "audit_log")).toMatchObject([
    {
      actor: "operator:ada",
      action: "dead_letter.replayed",
      details: {
        deadLetterId: id,
        reason: order.reason,
        before: { status: "open", code: "platform_unknown" },
        after: { status: "replayed", verdict: "new", paymentId, generation: 1, state: "planned" },
      },
    },
  ]);
  expect(deps.announced).toContain("dispatch");
});

test("replayed again, by one or by four at once, it makes one payment and one audit entry", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const { deps, id } = await letterOfNewPlatform(pool);
  const rival = replayOver(await database.openAnotherPool());
  const results = await Promise.all(
    [deps, rival, deps, rival].map((each) => replayDeadLetter(each, id, order)),
  );
  expect(results.filter(({ kind }) => kind === "replayed")).toHaveLength(1);
  expect(results.filter(({ kind }) => kind === "closed")).toHaveLength(3);
  expect(await replayDeadLetter(deps, id, order)).toEqual({ kind: "closed", status: "replayed" });
  expect(await countOf(pool, "payments")).toBe(1);
  expect(await countOf(pool, "audit_log")).toBe(1);
});

test("refused again it stays open under the new reason, is no second letter, and goes to the topic once", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = replayOver(pool);
  const id = await becomeLetter(deps, taskCompleted());
  await openShop(pool);
  await acceptBatch(deps, {
    submissions: [fromHttp(taskCompleted({ eventId: "another", amount: units(60) }))],
    offsets: [],
  });
  expect(await replayDeadLetter(deps, id, order)).toMatchObject({
    kind: "refused",
    code: "idempotency_key_conflict",
    field: "amount",
    paymentId,
  });
  expect(await rowsOf(pool, "dead_letters")).toMatchObject([
    {
      id,
      status: "open",
      code: "idempotency_key_conflict",
      field: "amount",
      payment_id: paymentId,
      replays: 1,
    },
  ]);
  expect(await countOf(pool, "outbox")).toBe(1);
  expect((await rowsOf(pool, "audit_log")).at(-1)).toMatchObject({
    action: "dead_letter.refused_again",
    details: {
      before: { code: "platform_unknown" },
      after: { status: "open", code: "idempotency_key_conflict", field: "amount" },
    },
  });
});

test("what is unknown is not found, and a letter that was discarded is not replayed", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const { deps, id } = await letterOfNewPlatform(pool);
  expect(await replayDeadLetter(deps, paymentId, order)).toEqual({ kind: "not_found" });
  expect(await discardDeadLetter(deps, paymentId, order)).toEqual({ kind: "not_found" });
  const discards = await Promise.all([1, 2].map(() => discardDeadLetter(deps, id, order)));
  expect(discards).toContainEqual({ kind: "discarded" });
  expect(discards).toContainEqual({ kind: "closed", status: "discarded" });
  expect(await replayDeadLetter(deps, id, order)).toEqual({ kind: "closed", status: "discarded" });
  expect(await countOf(pool, "payments")).toBe(0);
  expect(await rowsOf(pool, "audit_log")).toMatchObject([
    { action: "dead_letter.discarded", actor: "operator:ada", details: { reason: order.reason } },
  ]);
});

test("a dry run says what would happen and leaves no trace", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const { deps, id } = await letterOfNewPlatform(pool);
  const bad = await becomeLetter(deps, "garbage");
  const before = await rowsOf(pool, "dead_letters");
  const results = await replayDeadLetters(deps, [id, bad], { ...order, dryRun: true });
  expect(results).toMatchObject([
    { deadLetterId: id, kind: "replayed", verdict: "new" },
    { deadLetterId: bad, kind: "refused", code: "not_avro" },
  ]);
  expect(await rowsOf(pool, "dead_letters")).toEqual(before);
  for (const table of ["payments", "inbox", "audit_log", "tasks"]) {
    expect(await countOf(pool, table)).toBe(0);
  }
});

test.each([
  ["replay.before_commit", 0, "replayed"],
  ["replay.committed", 1, "closed"],
] as const)(
  "after a crash at %s the repeat finds all of it or nothing",
  async (place, payments, repeat) => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { deps, id } = await letterOfNewPlatform(pool);
    const crash = new Error("crashed");
    armFailpoints((name) => {
      if (name === place) throw crash;
    });
    try {
      await expect(replayDeadLetter(deps, id, order)).rejects.toBe(crash);
    } finally {
      armFailpoints(undefined);
    }
    expect(await countOf(pool, "payments")).toBe(payments);
    const status = payments === 0 ? "open" : "replayed";
    expect(await rowsOf(pool, "dead_letters")).toMatchObject([{ status }]);

    expect(await replayDeadLetter(deps, id, order)).toMatchObject({ kind: repeat });
    expect(await countOf(pool, "payments")).toBe(1);
    expect(await countOf(pool, "audit_log")).toBe(1);
  },
);

test("a registry that is away ends the run, and what was done before stays done", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const { deps, id } = await letterOfNewPlatform(pool);
  const second = await becomeLetter(deps, "garbage");
  const away = new PaymentError("REGISTRY_UNAVAILABLE", "retry", "away");
  const cut: TestReplay = {
    ...deps,
    async decodeTaskCompleted(value) {
      if (String(value) === "garbage") throw away;
      return deps.decodeTaskCompleted(value);
    },
  };
  await expect(replayDeadLetters(cut, [id, second], order)).rejects.toBe(away);
  expect(await countOf(pool, "payments")).toBe(1);
  expect(await rowsOf(pool, "dead_letters")).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id, status: "replayed" }),
      expect.objectContaining({ id: second, status: "open" }),
    ]),
  );
});

test("500 at a time: poison stays open and never stands before its neighbours again", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = replayOver(pool);
  const poison = batchOf(Array.from({ length: 499 }, () => taskCompleted())).submissions.map(
    (submission) => ({
      ...submission,
      decoded: { ok: false, code: "not_avro", message: "It is not Avro." } as const,
    }),
  );
  const offsets = [{ topic: "task.completed", partition: 0, expected: null, next: 499n }];
  await acceptBatch(deps, { submissions: poison, offsets });
  const sound = [
    await becomeLetter(deps, taskCompleted({ taskId: "sound-1" })),
    await becomeLetter(deps, taskCompleted({ taskId: "sound-2" })),
  ];
  await openShop(pool);

  const first = await selectLetters(deps, { filter: {}, limit: 500 });
  expect(first).toContain(sound[0]);
  const results = await replayDeadLetters(deps, first, order);
  expect(results.filter(({ kind }) => kind === "replayed")).toMatchObject([
    { deadLetterId: sound[0] },
  ]);
  const [next] = await selectLetters(deps, { filter: {}, limit: 1 });
  expect(next).toBe(sound[1]);
  expect(await selectLetters(deps, { filter: { code: "platform_unknown" }, limit: 500 })).toEqual([
    sound[1],
  ]);
  expect(await selectLetters(deps, { filter: { platformId: "nobody" }, limit: 5 })).toEqual([]);
  expect(await countOf(pool, "payments")).toBe(1);
  for (const limit of [0, 501, 1.5]) {
    await expect(selectLetters(deps, { filter: {}, limit })).rejects.toThrow(/1 to 500/);
  }
});

test("an event that contradicts a failed payment opens its next generation, with the event's own terms", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await openShop(pool);
  await failedBy(deps, { workerId: "stranger", amount: units(20_000) });
  const right = taskCompleted({ eventId: "right", idempotencyKey: "their-own" });
  const id = await becomeLetter(deps, right);
  expect(await rowsOf(pool, "dead_letters")).toMatchObject([{ code: "task_has_payment" }]);

  expect(await replayDeadLetter(deps, id, order)).toMatchObject({
    kind: "replayed",
    verdict: "reopened",
    paymentId,
    generation: 2,
  });
  expect(await rowsOf(pool, "payments")).toMatchObject([
    {
      state: "planned",
      intent: "pay",
      generation: 2,
      worker_id: "worker-1",
      amount: "50.000000",
      net_amount: "48.750000",
      idempotency_key: "their-own",
      source_event_id: "right",
      origin: "replay",
    },
  ]);
  expect(await rowsOf(pool, "tasks")).toMatchObject([
    { worker_id: "worker-1", amount: "50.000000", status: "completed" },
  ]);
  expect(await rowsOf(pool, "payment_outcomes")).toMatchObject([{ generation: 1, kind: "failed" }]);
  expect((await rowsOf(pool, "audit_log")).slice(-2)).toMatchObject([
    {
      action: "payment.reopened",
      generation: 2,
      details: {
        deadLetterId: id,
        before: { state: "failed", generation: 1, workerId: "stranger", amount: "20000.000000" },
        after: { state: "planned", generation: 2, workerId: "worker-1", amount: "50.000000" },
      },
    },
    { action: "dead_letter.replayed" },
  ]);
  const again = { ...right, eventId: "right-again" };
  const repeat = await acceptBatch(deps, { submissions: [fromHttp(again)], offsets: [] });
  expect(repeat).toMatchObject({ results: [{ verdict: "duplicate", generation: 2 }] });
});

test("the same under the first event's own id: what that id said first stands in the inbox", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await openShop(pool);
  await failedBy(deps, { amount: units(20_000) });
  const one = await becomeLetter(deps, taskCompleted());
  const two = await becomeLetter(deps, taskCompleted());
  const inbox = await rowsOf(pool, "inbox");
  expect(await replayDeadLetters(deps, [one, two], order)).toMatchObject([
    { verdict: "reopened", generation: 2 },
    { verdict: "duplicate", generation: 2 },
  ]);
  expect(await rowsOf(pool, "inbox")).toEqual(inbox);
});

test("a conflict with a payment that has not failed is never replayed, whatever differs", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await openShop(pool);
  await acceptBatch(deps, batchOf([taskCompleted({ idempotencyKey: "k" })]));
  const letters = [
    await becomeLetter(deps, taskCompleted({ idempotencyKey: "k", amount: units(60) })),
    await becomeLetter(deps, taskCompleted({ eventId: "e2", amount: units(60) })),
    await becomeLetter(deps, taskCompleted({ eventId: "e3", taskId: "t3", idempotencyKey: "k" })),
  ];
  const before = await rowsOf(pool, "payments");
  const states = ["planned", "completed", "review", "voiding"];
  for (const state of states) {
    const intent = state === "planned" ? "pay" : state === "voiding" ? "void" : null;
    await tamper(
      pool,
      sql.type(anyRow)`
        UPDATE payments SET state = ${state}, intent = ${intent},
          settled_at = ${state === "completed" ? "2026-03-01" : null}::timestamptz, tx_hash = '0x', block_number = 1,
          log_index = 1, doubt_reason = 'x', doubt_since = payment_now(), failure_code = 'risk_rejected',
          failure_message = 'x', failure_retryable = true`,
    );
    const results = await replayDeadLetters(deps, letters, order);
    expect(results.map(({ kind }) => kind)).toEqual(["refused", "refused", "refused"]);
  }
  expect(await rowsOf(pool, "payments")).toMatchObject([
    { generation: 1, amount: before[0]?.["amount"], idempotency_key: "k" },
  ]);
});

test("an idempotency key that another task's payment has opens nothing, failed or not", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await openShop(pool);
  await failedBy(deps, { amount: units(20_000) });
  await acceptBatch(deps, {
    submissions: [fromHttp(taskCompleted({ taskId: "other", idempotencyKey: "taken" }))],
    offsets: [],
  });
  const id = await becomeLetter(deps, taskCompleted({ eventId: "e", idempotencyKey: "taken" }));
  expect(await replayDeadLetter(deps, id, order)).toMatchObject({
    kind: "refused",
    code: "idempotency_key_conflict",
    field: "taskId",
  });
  expect(await countOf(pool, "payments")).toBe(2);
});

test("a generation that could not be paid is not opened: the letter says why, the payment stays as it was", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await openShop(pool, "directory");
  await insertTasks(pool, [
    { platformId: "platform-1", id: "task-1", workerId: "worker-1", amount: units(50) },
  ]);
  await failedBy(deps, { amount: units(20_000) });
  const wrong = await becomeLetter(deps, taskCompleted({ eventId: "e", amount: units(60) }));
  const before = await rowsOf(pool, "payments");
  expect(await replayDeadLetter(deps, wrong, order)).toMatchObject({
    kind: "refused",
    code: "amount_mismatch",
  });
  expect(await rowsOf(pool, "payments")).toEqual(before);
  expect(await rowsOf(pool, "dead_letters")).toMatchObject([
    { status: "open", code: "amount_mismatch" },
  ]);
});

test("a failed payment that the chain has paid is not opened: settlement gets it", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await openShop(pool);
  await failedBy(deps, { amount: units(20_000) });
  const id = await becomeLetter(deps, taskCompleted({ eventId: "e" }));
  await pool.query(sql.type(anyRow)`
    INSERT INTO chain_events (chain_id, pay_once, block_number, block_hash, tx_hash, log_index, kind, ref, payment_id,
      generation)
    VALUES (5042002, ${deps.settings.payOnce}, 7, '0xb', '0xt', 1, 'paid', '0xr', ${paymentId}::uuid, 1)`);
  expect(await replayDeadLetter(deps, id, order)).toMatchObject({
    kind: "refused",
    code: "task_already_paid",
  });
  expect(deps.adopted).toEqual([paymentId]);
  expect(await rowsOf(pool, "payments")).toMatchObject([{ state: "failed", generation: 1 }]);
});

test("a plain transfer from before a restore is not opened again, even by an event that is younger", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await openShop(pool);
  await insertDeployment(pool, { payOnce: NO_CONTRACT });
  const base = replayOver(pool);
  const transfers = { rail: "circle", method: "transfer", payOnce: NO_CONTRACT } as const;
  const deps = { ...base, settings: { ...base.settings, ...transfers } };
  await failedBy(deps, { workerId: "stranger", amount: units(20_000) });
  const occurredAt = new Date(Date.now() + 60_000);
  const id = await becomeLetter(deps, taskCompleted({ eventId: "right", occurredAt }));
  await pool.query(sql.type(anyRow)`
    UPDATE deployment SET restored_at = payment_now() - interval '2 days'`);
  await pool.query(
    sql.type(anyRow)`UPDATE payments SET accepted_at = payment_now() - interval '3 days'`,
  );

  expect(await replayDeadLetter(deps, id, order)).toMatchObject({
    kind: "refused",
    code: "before_restore",
  });
  expect(await rowsOf(pool, "payments")).toMatchObject([{ state: "failed", generation: 1 }]);
});

test("while a restore is not confirmed no generation is opened; the letter is as it was, and its neighbours go on", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const deps = await openShop(pool);
  await failedBy(deps, { amount: units(20_000) });
  const letters = [
    await becomeLetter(deps, taskCompleted({ eventId: "right" })),
    await becomeLetter(deps, taskCompleted({ taskId: "late", platformId: "late" })),
  ];
  await insertPlatform(pool, { id: "late", taskSource: "event" });
  await pool.query(sql.type(anyRow)`INSERT INTO restores DEFAULT VALUES`);
  const before = await rowsOf(pool, "payments");
  expect(await replayDeadLetters(deps, letters, order)).toMatchObject([
    { kind: "refused", code: "restore_unconfirmed" },
    { kind: "replayed", verdict: "new", state: "accepted" },
  ]);
  expect((await rowsOf(pool, "payments")).filter(({ id }) => id === paymentId)).toEqual(before);
});

test("any letters replayed in any order, any number of times, come to what once comes to", async () => {
  const picks = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(picks, async (picked) => {
      await using database = await freshDatabase();
      const { pool } = database;
      const deps = replayOver(pool);
      const letters = [
        await becomeLetter(deps, taskCompleted({ taskId: "a" })),
        await becomeLetter(deps, taskCompleted({ taskId: "a", eventId: "a-again" })),
        await becomeLetter(deps, taskCompleted({ taskId: "b", amount: units(20_000) })),
        await becomeLetter(deps, "garbage"),
      ];
      await openShop(pool);
      for (const index of picked) await replayDeadLetter(deps, letters[index] ?? "", order);
      const [a, again, b] = [0, 1, 2].map((index) => picked.includes(index));
      expect(await countOf(pool, "payments")).toBe(Number(a || again) + Number(b));
      expect(await countOf(pool, "inbox")).toBe(Number(a) + Number(again) + Number(b));
      expect(await countOf(pool, "payment_outcomes")).toBe(Number(b));
      const closed = (await rowsOf(pool, "dead_letters")).filter(({ status }) => status !== "open");
      expect(closed).toHaveLength(Number(a) + Number(again) + Number(b));
    }),
    { numRuns: 12 },
  );
});
