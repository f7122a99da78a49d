import { sql } from "slonik";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { adoptStored } from "../../src/settlement/adopt-stored.ts";
import { loadCursor } from "../../src/settlement/cursor.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { freshDatabase } from "../support/database.ts";
import { tamper } from "../support/tamper.ts";
import { addressOf } from "../support/seed.ts";
import { hashOf, txHashOf } from "./pay-once-model.ts";
import {
  countRows,
  createWorld,
  insertPlanned,
  insertSend,
  instance,
  itemsOf,
  readOutbox,
  readPayment,
  setState,
  type SeedPayment,
  type World,
} from "./settle-world.ts";

describe("settling blocks", () => {
  test("a Paid under our terms completes payment, task, reputation, outcome, event and send in one commit", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, alarms } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    const txHash = chain.pay(itemsOf([payment]));
    await insertSend(pool, [payment], { hashes: [txHash] });

    const result = await settleBlocks(deps, [chain.mine()]);

    expect(result).toMatchObject({ kind: "settled", logs: 1, sendsMined: 1, alarms: [] });
    expect(await readPayment(pool, payment.id)).toMatchObject({
      state: "completed",
      intent: null,
      transactionId: null,
      txHash,
      tries: 0,
    });
    const [row] = await readOutbox(pool);
    expect(row).toMatchObject({
      topic: "payment.completed",
      key: "worker-t1",
      headers: {
        "content-type": expect.any(String),
        traceparent: expect.stringMatching(/^00-4bf9/),
      },
      event: {
        paymentId: payment.id,
        generation: 1,
        taskId: "t1",
        sourceEventId: "event-t1",
        amount: "50000000",
        fee: "500000",
        netAmount: "49500000",
        rail: "arc",
        chainId: 5042002,
        txHash,
        blockNumber: "101",
        logIndex: 1,
        attempts: 1,
      },
    });
    expect(row?.headers["event-id"]).toBe(row?.event["eventId"]);
    expect(row?.event["latencyMs"]).toBeGreaterThanOrEqual(1000);
    const facts = await pool.one(sql.type(z.record(z.string(), z.unknown()))`
      SELECT (SELECT status FROM tasks) AS task, (SELECT reputation::text FROM workers) AS reputation,
        (SELECT kind FROM payment_outcomes) AS outcome, (SELECT state FROM transactions) AS send,
        (SELECT outcome FROM transaction_items) AS item,
        (SELECT string_agg(action, ',') FROM audit_log) AS audit`);
    expect(facts).toEqual({
      task: "paid",
      reputation: "10",
      outcome: "completed",
      send: "mined",
      item: "paid",
      audit: "payment.completed",
    });
    expect(await loadCursor(pool, instance)).toEqual({ number: 101n, hash: hashOf(101n) });
    expect(alarms).toEqual([]);
  });

  test("a settled payment keeps when the send that paid it was taken, and none that would void it", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const [paid, voided] = await insertPlanned(pool, ["a", "b"]);
    const txHash = chain.pay(itemsOf([paid]));
    const paying = await insertSend(pool, [paid], { hashes: [txHash] });
    const lost = await insertSend(pool, [voided]);
    await pool.query(sql.type(anyRow)`
      UPDATE transactions SET submitted_at = date_trunc('milliseconds', created_at) + CASE id WHEN ${paying} THEN 7 ELSE 9 END * interval '1 ms'
      WHERE id IN (${paying}, ${lost})`);
    await setState(pool, voided.id, {
      state: "voiding",
      intent: "void",
      failureCode: "cancelled_by_operator",
    });
    const voidHash = chain.void([{ paymentId: voided.id, generation: 1 }]);
    const voiding = await insertSend(pool, [voided], { kind: "void", hashes: [voidHash] });
    await pool.query(sql.type(anyRow)`
      UPDATE transactions SET submitted_at = payment_now() WHERE id = ${voiding}`);
    await settleBlocks(deps, [chain.mine()]);
    const told = await pool.any(sql.type(z.object({ afterMs: z.number() }))`
      SELECT extract(epoch FROM p.submitted_at - date_trunc('milliseconds', t.created_at))::float8 * 1000 AS "afterMs"
      FROM payments p JOIN transactions t ON t.id = CASE p.state WHEN 'completed' THEN ${paying}::uuid ELSE ${lost}::uuid END
      ORDER BY p.task_id`);
    expect(told.map(({ afterMs }) => Math.round(afterMs))).toEqual([7, 9]);
  });

  test("one refused item never holds back its neighbours, over several blocks in one commit", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const payments = await insertPlanned(pool, ["a", "b", "c", "d"], { workerId: "w" });
    const refused = payments[1].id;
    const first = chain.pay(itemsOf(payments.slice(0, 3)), {
      refuse: (id) => (id === refused ? "odd" : undefined),
    });
    const firstBlock = chain.mine();
    const second = chain.pay(itemsOf(payments.slice(3)));
    await insertSend(pool, payments.slice(0, 3), { hashes: [first] });
    await insertSend(pool, payments.slice(3), { hashes: [second] });

    const result = await settleBlocks(deps, [firstBlock, chain.mine(), chain.mine()]);

    expect(result).toMatchObject({ kind: "settled", logs: 4, retried: 1, sendsMined: 2 });
    const states = await Promise.all(payments.map(({ id }) => readPayment(pool, id)));
    expect(states.map(({ state }) => state)).toEqual([
      "completed",
      "planned",
      "completed",
      "completed",
    ]);
    expect(states[1]).toMatchObject({ tries: 1, waitMs: 2000, transactionId: null });
    expect((await readOutbox(pool)).map(({ event }) => event["taskId"])).toEqual(["a", "c", "d"]);
    expect(await reputationOf(pool, "w")).toBe(30n);
    expect(await loadCursor(pool, instance)).toMatchObject({ number: 103n });
  });

  test("an empty block only moves the cursor", async () => {
    await using database = await freshDatabase();
    const { chain, deps } = await createWorld(database.pool);
    expect(await settleBlocks(deps, [chain.mine()])).toMatchObject({ kind: "settled", logs: 0 });
    expect(await loadCursor(database.pool, instance)).toMatchObject({ number: 101n });
  });

  test("of two processes that settle the same blocks one wins, and the zombie changes nothing", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    await insertSend(pool, [payment], { hashes: [chain.pay(itemsOf([payment]))] });
    const blocks = [chain.mine()];
    const zombie = { ...deps, pool: await database.openAnotherPool() };

    const results = await Promise.all([settleBlocks(deps, blocks), settleBlocks(zombie, blocks)]);
    const again = await settleBlocks(zombie, blocks);

    expect(results.map(({ kind }) => kind).sort()).toEqual(["cursor_moved", "settled"]);
    expect(again.kind).toBe("cursor_moved");
    expect(await countRows(pool, "outbox")).toBe(1);
    expect(await reputationOf(pool, "worker-t1")).toBe(10n);
  });

  test("blocks read again after the cursor was moved back change nothing and use up no second try", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const payments = await insertPlanned(pool, ["paid", "refused"]);
    const start = chain.cursor();
    const txHash = chain.pay(itemsOf(payments), {
      refuse: (id) => (id === payments[1].id ? "odd" : undefined),
    });
    await insertSend(pool, payments, { hashes: [txHash] });
    const blocks = [chain.mine()];
    await settleBlocks(deps, blocks);
    await pool.query(sql.type(anyRow)`
      UPDATE chain_cursors SET block_number = ${start.number}, block_hash = ${start.hash}`);
    await pool.query(sql.type(anyRow)`
      UPDATE payments SET transaction_id = (SELECT id FROM transactions) WHERE id = ${payments[1].id}`);

    expect(await settleBlocks(deps, blocks)).toMatchObject({ kind: "settled", alarms: [] });

    expect(await countRows(pool, "outbox")).toBe(1);
    expect(await reputationOf(pool, "worker-paid")).toBe(10n);
    expect(await readPayment(pool, payments[1].id)).toMatchObject({ tries: 1 });
  });

  test("if the event cannot be made, nothing at all is stored and the cursor stays", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    await insertSend(pool, [payment], { hashes: [chain.pay(itemsOf([payment]))] });
    const broken = {
      ...deps,
      encoder: {
        ...deps.encoder,
        encodePaymentCompleted: () => {
          throw new Error("no such schema");
        },
      },
    };
    const blocks = [chain.mine()];

    await expect(settleBlocks(broken, blocks)).rejects.toThrow("no such schema");

    expect(await readPayment(pool, payment.id)).toMatchObject({ state: "planned" });
    expect(await countRows(pool, "chain_events")).toBe(0);
    expect(await loadCursor(pool, instance)).toMatchObject({ number: 100n });
    expect(await settleBlocks(deps, blocks)).toMatchObject({ kind: "settled", logs: 1 });
  });

  test("a circle send whose hash nobody reported is found by its items, and its id is in the event", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const payments = await insertPlanned(pool, ["a", "b"]);
    const send = await insertSend(pool, payments, { rail: "circle" });
    const txHash = chain.pay(itemsOf(payments), {
      refuse: (id) => (id === payments[1].id ? "odd" : undefined),
    });

    expect(await settleBlocks(deps, [chain.mine()])).toMatchObject({ sendsMined: 1, retried: 1 });

    const [row] = await readOutbox(pool);
    expect(row?.event).toMatchObject({ circleTransactionId: `circle-${send}`, txHash });
    expect(await sendState(pool, send)).toEqual({ state: "mined", outcomes: "paid,refused" });
  });

  test("what a send that was given up for dead pays is adopted, and the send is written down as mined", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, alarms } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    const txHash = chain.pay(itemsOf([payment]));
    const dead = await insertSend(pool, [payment], { hashes: [txHash] });
    await pool.query(sql.type(anyRow)`
      UPDATE transactions SET state = 'dead', closed_at = payment_now() WHERE id = ${dead}`);
    await insertSend(pool, [payment], { hashes: [txHashOf(99)] });

    await settleBlocks(deps, [chain.mine()]);

    expect(await readPayment(pool, payment.id)).toMatchObject({
      state: "completed",
      transactionId: null,
    });
    expect(await sendState(pool, dead)).toMatchObject({ state: "mined" });
    expect(alarms).toEqual([]);
  });
});

describe("refusals", () => {
  test("unknown reasons use up a try each, wait 2, 4 and 6 s, and after the last the payment is voided, not failed (trace 1)", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    const seen = [];
    for (let n = 1; n <= 4; n += 1) {
      const txHash = chain.pay(itemsOf([payment]), { refuse: () => "odd \u0000 reason" });
      await insertSend(pool, [payment], { hashes: [txHash] });
      await settleBlocks(deps, [chain.mine()]);
      const { state, tries, waitMs } = await readPayment(pool, payment.id);
      seen.push([state, tries, waitMs]);
    }
    expect(seen).toEqual([
      ["planned", 1, 2000],
      ["planned", 2, 4000],
      ["planned", 3, 6000],
      ["voiding", 4, 0],
    ]);
    expect(await countRows(pool, "outbox")).toBe(0);

    const voidHash = chain.void([{ paymentId: payment.id, generation: 1 }]);
    await insertSend(pool, [payment], { kind: "void", hashes: [voidHash] });
    await settleBlocks(deps, [chain.mine()]);

    expect(await readPayment(pool, payment.id)).toMatchObject({
      state: "failed",
      failureCode: "transfer_reverted",
      voidTxHash: voidHash,
    });
    const [row] = await readOutbox(pool);
    expect(row).toMatchObject({
      topic: "payment.failed",
      event: { code: "transfer_reverted", attempts: 4, voidTxHash: voidHash, retryable: true },
    });
  });

  test("the token is asked what its refusal means: a blocked worker voids, a blocked or broke payer only waits", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const world = await createWorld(pool);
    const [worker, payer, broke] = await insertPlanned(pool, ["worker", "payer", "broke"]);

    world.answers.blocked.add(worker.terms.recipient);
    await refuse(pool, world, worker, "Blocked address");
    world.answers.blocked.clear();
    world.answers.blocked.add(payer.terms.payer);
    await refuse(pool, world, payer, "Blocked address");
    world.answers.blocked.clear();
    world.answers.funds = { balance: 10n ** 12n, allowance: 1n };
    await refuse(pool, world, broke, "0xfb8f41b2");

    expect(await readPayment(pool, worker.id)).toMatchObject({
      state: "voiding",
      intent: "void",
      failureCode: "wallet_blocked",
    });
    const waiting = { state: "planned", intent: "pay", tries: 0, waitMs: 1000 };
    expect(await readPayment(pool, payer.id)).toMatchObject(waiting);
    expect(await readPayment(pool, broke.id)).toMatchObject(waiting);
  });

  test("where the token does not answer, a refusal is a try and nothing waits for it", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const world = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    const deps = {
      ...world.deps,
      chain: {
        ...world.deps.chain,
        isBlocked: () => Promise.reject(new Error("node away")),
      },
    };
    await refuse(pool, { ...world, deps }, payment, "Blocked address");
    expect(await readPayment(pool, payment.id)).toMatchObject({ state: "planned", tries: 1 });
  });

  test("a refusal that a stale send brings is no answer to the send on its way", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    const stale = chain.pay(itemsOf([payment]), { refuse: () => "odd" });
    await insertSend(pool, [payment], { hashes: [stale] });
    const current = await insertSend(pool, [payment], { hashes: [txHashOf(99)] });

    await settleBlocks(deps, [chain.mine()]);

    expect(await readPayment(pool, payment.id)).toMatchObject({
      tries: 0,
      transactionId: current,
    });
  });
});

describe("doubt", () => {
  test("review for doubt ends by itself on the evidence that comes, paid or voided (trace 3)", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const [paid, voided] = await insertPlanned(pool, ["paid", "voided"]);
    const doubt = { state: "review", doubtReason: "no_evidence" };
    await setState(pool, paid.id, { ...doubt, intent: "pay" });
    await setState(pool, voided.id, {
      ...doubt,
      intent: "void",
      failureCode: "attempts_exhausted",
    });
    await insertSend(pool, [paid], { hashes: [chain.pay(itemsOf([paid]))] });
    const voidHash = chain.void([{ paymentId: voided.id, generation: 1 }]);
    await insertSend(pool, [voided], { kind: "void", hashes: [voidHash] });

    await settleBlocks(deps, [chain.mine()]);

    expect(await readPayment(pool, paid.id)).toMatchObject({
      state: "completed",
      doubtReason: null,
    });
    expect(await readPayment(pool, voided.id)).toMatchObject({
      state: "failed",
      failureCode: "attempts_exhausted",
    });
  });

  test("a payment of another instance is not this instance's to settle (trace 2)", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, alarms } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    await pool.query(sql.type(anyRow)`UPDATE payments SET pay_once = ${addressOf("elsewhere")}`);
    chain.void([{ paymentId: payment.id, generation: 1 }]);
    await settleBlocks(deps, [chain.mine()]);
    expect(await readPayment(pool, payment.id)).toMatchObject({ state: "planned" });
    expect(await countRows(pool, "outbox")).toBe(0);
    chain.forge({
      ...chain.placeOf(payment.id, 1),
      kind: "paid",
      ...payment.terms,
      transferLogIndex: 0,
    });
    await settleBlocks(deps, [chain.mine()]);
    expect(alarms).toMatchObject([{ kind: "paid_unknown" }]);
  });

  test("cancel and pay race in one block: log order decides, nothing aborts, and one event goes out (trace 8)", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, alarms } = await createWorld(pool);
    const [paidFirst, voidedFirst] = await insertPlanned(pool, ["paid-first", "voided-first"]);
    await setState(pool, paidFirst.id, {
      state: "voiding",
      intent: "void",
      failureCode: "cancelled_by_operator",
    });
    const pay1 = chain.pay(itemsOf([paidFirst]));
    const void1 = chain.void([{ paymentId: paidFirst.id, generation: 1 }]);
    const void2 = chain.void([{ paymentId: voidedFirst.id, generation: 1 }]);
    const pay2 = chain.pay(itemsOf([voidedFirst]));
    await insertSend(pool, [paidFirst], { hashes: [pay1] });
    await insertSend(pool, [paidFirst], { kind: "void", hashes: [void1] });
    await insertSend(pool, [voidedFirst], { kind: "void", hashes: [void2] });
    await insertSend(pool, [voidedFirst], { hashes: [pay2] });

    await settleBlocks(deps, [chain.mine()]);

    expect(await readPayment(pool, paidFirst.id)).toMatchObject({
      state: "completed",
      failureCode: null,
    });
    expect(await readPayment(pool, voidedFirst.id)).toMatchObject({
      state: "failed",
      failureCode: "cancelled_by_operator",
      voidTxHash: void2,
    });
    expect((await readOutbox(pool)).map(({ topic }) => topic)).toEqual([
      "payment.completed",
      "payment.failed",
    ]);
    expect(alarms).toEqual([]);
  });

  test("positive evidence on a failed payment raises the alarm and goes to review; its neighbours are settled (traces 1, 6)", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, alarms } = await createWorld(pool);
    const [failed, fine] = await insertPlanned(pool, ["failed", "fine"]);
    await setState(pool, failed.id, { state: "failed", failureCode: "wallet_invalid" });
    await pool.query(sql.type(anyRow)`
      INSERT INTO payment_outcomes (payment_id, generation, kind, event_id)
      VALUES (${failed.id}, 1, 'failed', ${failed.id})`);
    chain.pay(itemsOf([failed, fine]));

    await settleBlocks(deps, [chain.mine()]);

    expect(await readPayment(pool, failed.id)).toMatchObject({
      state: "review",
      intent: null,
      doubtReason: "paid_after_failed",
    });
    expect(await readPayment(pool, fine.id)).toMatchObject({ state: "completed" });
    expect(alarms).toMatchObject([{ kind: "paid_after_failed", paymentId: failed.id }]);
    expect((await readOutbox(pool)).map(({ event }) => event["taskId"])).toEqual(["fine"]);
    expect(await actions(pool, failed.id)).toEqual(["payment.review", "alarm.paid_after_failed"]);
  });

  test.each([
    ["paid_contradicts_terms", { amount: 1n }, {}],
    ["paid_contradicts_terms", { recipient: addressOf("thief") }, {}],
    ["paid_without_transfer", {}, { omitTransfer: true }],
  ])(
    "a Paid that is not ours is %s: alarm and review, no event",
    async (reason, terms, options) => {
      await using database = await freshDatabase();
      const { pool } = database;
      const { chain, deps, alarms } = await createWorld(pool);
      const [payment] = await insertPlanned(pool, ["t1"]);
      const [item] = itemsOf([payment]);
      chain.pay([{ ...item, terms: { ...item.terms, ...terms } }], options);

      await settleBlocks(deps, [chain.mine()]);

      expect(await readPayment(pool, payment.id)).toMatchObject({
        state: "review",
        intent: null,
        doubtReason: reason,
      });
      expect(alarms).toMatchObject([{ kind: reason }]);
      expect(await countRows(pool, "outbox")).toBe(0);
    },
  );

  test("impossible logs raise the alarm and never stop the cursor", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, alarms } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    chain.pay(itemsOf([payment]));
    await settleBlocks(deps, [chain.mine()]);
    const at = chain.placeOf(payment.id, 1);
    chain.forge({ ...at, kind: "paid", ...payment.terms, transferLogIndex: 0 });
    chain.forge({ ...at, logIndex: 90, kind: "voided" });
    chain.forge({ ...at, logIndex: 91, kind: "voided", ref: `0x${"e".repeat(64)}` });
    chain.forge({ ...at, logIndex: 92, kind: "skipped", paid: false, floor: 4_294_967_295n });

    expect(await settleBlocks(deps, [chain.mine()])).toMatchObject({ kind: "settled", logs: 4 });

    expect(alarms.map(({ kind }) => kind)).toEqual([
      "paid_twice",
      "voided_after_paid",
      "voided_after_paid",
    ]);
    expect(await readPayment(pool, payment.id)).toMatchObject({ state: "completed" });
    expect(await countRows(pool, "outbox")).toBe(1);
  });
});

describe("a restored backup", () => {
  test("a Paid that was followed while its payment was unknown is adopted once the payment is back (trace 7)", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, alarms } = await createWorld(pool);
    const [ghost] = await insertPlanned(pool, ["t1"]);
    await tamper(pool, sql.type(anyRow)`DELETE FROM payments`);
    chain.pay(itemsOf([ghost]));
    expect(await settleBlocks(deps, [chain.mine()])).toMatchObject({ logs: 1 });
    expect(await countRows(pool, "chain_events")).toBe(1);
    expect(alarms).toMatchObject([{ kind: "paid_unknown" }]);

    await pool.query(sql.type(anyRow)`DELETE FROM tasks`);
    const [payment] = await insertPlanned(pool, ["t1"]);
    expect(await adoptStored(deps, [payment.id])).toMatchObject({ outcomes: [{}] });
    expect(await adoptStored(deps, [payment.id])).toMatchObject({ outcomes: [], alarms: [] });

    expect(await readPayment(pool, payment.id)).toMatchObject({ state: "completed" });
    expect(await countRows(pool, "outbox")).toBe(1);
  });

  test("a Skipped(paid) adopts the Paid that was stored earlier (trace 7)", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const [ghost] = await insertPlanned(pool, ["t1"]);
    await tamper(pool, sql.type(anyRow)`DELETE FROM payments`);
    const paidHash = chain.pay(itemsOf([ghost]));
    await settleBlocks(deps, [chain.mine()]);
    await pool.query(sql.type(anyRow)`DELETE FROM tasks`);
    const [payment] = await insertPlanned(pool, ["t1"]);
    await insertSend(pool, [payment], { hashes: [chain.pay(itemsOf([payment]))] });

    await settleBlocks(deps, [chain.mine()]);

    expect(await readPayment(pool, payment.id)).toMatchObject({
      state: "completed",
      txHash: paidHash,
      transactionId: null,
    });
  });

  test("a Skipped(paid) whose Paid was never stored has it read backwards, stored and adopted", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, answers } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    const paidHash = chain.pay(itemsOf([payment]));
    const missed = chain.mine();
    await pool.query(sql.type(anyRow)`
      UPDATE chain_cursors SET block_number = ${missed.header.number}, block_hash = ${missed.header.hash}`);
    await insertSend(pool, [payment], { hashes: [chain.pay(itemsOf([payment]))] });
    const asked: [string, bigint][] = [];
    answers.findPaid = async (ref, upTo) => {
      asked.push([ref, upTo]);
      const [log] = missed.logs;
      return log?.kind === "paid" ? { header: missed.header, log } : undefined;
    };

    await settleBlocks(deps, [chain.mine()]);

    expect(asked).toEqual([[missed.logs[0]?.ref, 102n]]);
    expect(await readPayment(pool, payment.id)).toMatchObject({
      state: "completed",
      txHash: paidHash,
    });
    expect(await countRows(pool, "chain_events")).toBe(2);
  });

  test("while that Paid cannot be found the payment waits in review and goes on being sent, slowly", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, alarms, answers } = await createWorld(pool);
    answers.findPaid = () => Promise.reject(new Error("node away"));
    const [payment] = await insertPlanned(pool, ["t1"]);
    for (const _ of [1, 2]) {
      const txHash = txHashOf(500 + chain.transactions());
      chain.forge({
        ...chain.placeOf(payment.id, 1),
        txHash,
        kind: "skipped",
        paid: true,
        floor: 0n,
      });
      await insertSend(pool, [payment], { hashes: [txHash] });
      await settleBlocks(deps, [chain.mine()]);
      expect(await readPayment(pool, payment.id)).toMatchObject({
        state: "review",
        intent: "pay",
        doubtReason: "paid_log_not_found",
        transactionId: null,
        waitMs: 60_000,
      });
    }
    expect(alarms.map(({ kind }) => kind)).toEqual(["paid_log_not_found"]);
  });

  test("a platform that changed its wallet: the chain's terms are what happened, once the restore is confirmed (trace 4)", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, alarms } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"], {
      acceptedAt: new Date(Date.now() - 60_000),
    });
    const [item] = itemsOf([payment]);
    const earlier = { ...item.terms, payer: addressOf("acme's old wallet") };
    chain.pay([{ ...item, terms: earlier }]);
    await settleBlocks(deps, [chain.mine()]);
    expect(await readPayment(pool, payment.id)).toMatchObject({ state: "review", intent: null });
    expect(alarms).toHaveLength(1);

    await pool.query(sql.type(anyRow)`UPDATE deployment SET restored_at = payment_now()`);
    await adoptStored(deps, [payment.id]);

    expect(await readPayment(pool, payment.id)).toMatchObject({ state: "completed" });
    const [row] = await readOutbox(pool);
    expect(row?.event).toMatchObject({ netAmount: "49500000", fee: "500000" });
  });

  test("a generation that the restore forgot is paid once and completes as that generation (trace 5)", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps, alarms } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    const [item] = itemsOf([payment]);
    chain.pay([{ ...item, generation: 2 }]);
    await insertSend(pool, [payment], { hashes: [chain.pay([item])] });

    await settleBlocks(deps, [chain.mine()]);

    expect(chain.slotOf(payment.id)).toEqual({ paid: true, floor: 0 });
    expect(await readPayment(pool, payment.id)).toMatchObject({
      state: "completed",
      generation: 2,
    });
    expect((await readOutbox(pool)).map(({ event }) => event["generation"])).toEqual([2]);
    expect(alarms).toEqual([]);
  });

  test("an outcome that our own topic held already is not published again (trace 6)", async () => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    await pool.query(sql.type(anyRow)`
      INSERT INTO payment_outcomes (payment_id, generation, kind, event_id)
      VALUES (${payment.id}, 1, 'completed', ${payment.id})`);
    chain.pay(itemsOf([payment]));

    await settleBlocks(deps, [chain.mine()]);

    expect(await readPayment(pool, payment.id)).toMatchObject({ state: "completed" });
    expect(await countRows(pool, "outbox")).toBe(0);
    expect(await reputationOf(pool, "worker-t1")).toBe(10n);
  });
});

async function refuse(
  pool: Database,
  { chain, deps }: World,
  payment: SeedPayment,
  reason: string,
): Promise<void> {
  const txHash = chain.pay(itemsOf([payment]), { refuse: () => reason });
  await insertSend(pool, [payment], { hashes: [txHash] });
  await settleBlocks(deps, [chain.mine()]);
}

async function reputationOf(pool: Database, workerId: string): Promise<bigint> {
  const row = await pool.one(sql.type(z.object({ reputation: z.bigint() }))`
    SELECT reputation FROM workers WHERE id = ${workerId}`);
  return row.reputation;
}

async function sendState(pool: Database, id: string) {
  return pool.one(sql.type(z.object({ state: z.string(), outcomes: z.string().nullable() }))`
    SELECT t.state, string_agg(i.outcome, ',' ORDER BY i.position) AS outcomes
    FROM transactions t JOIN transaction_items i ON i.transaction_id = t.id
    WHERE t.id = ${id} GROUP BY t.id`);
}

async function actions(pool: Database, paymentId: string): Promise<string[]> {
  const rows = await pool.any(sql.type(z.object({ action: z.string() }))`
    SELECT action FROM audit_log WHERE payment_id = ${paymentId} ORDER BY id`);
  return rows.map(({ action }) => action);
}
