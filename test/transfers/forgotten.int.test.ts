import { sql } from "slonik";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { retryPayment } from "../../src/acceptance/retry-payment.ts";
import { anyRow, type Database } from "../../src/database/pool.ts";
import { EVERYTHING, pause, resume } from "../../src/dispatch/pause.ts";
import { resolveReview } from "../../src/operating/resolve-review.ts";
import { eventIdOf } from "../../src/payment/ids.ts";
import { NO_CONTRACT } from "../../src/payment/method.ts";
import { acceptanceDeps, reviewDeps } from "../../src/stage-deps.ts";
import { rowsOf } from "../support/read-rows.ts";
import { addressOf } from "../support/seed.ts";
import { tamper } from "../support/tamper.ts";
import {
  auditOf,
  mismatchesOf,
  NET,
  seed,
  startTransferLine,
  startTransferWorld,
  type TransferWorld,
} from "./transfer-line.ts";

let world: TransferWorld;
beforeAll(async () => {
  world = await startTransferWorld();
});
beforeEach(() => world.control.reset());
afterAll(() => world[Symbol.asyncDispose]());

const QUICK_TRIES = { PAYMENT_RETRY_DELAYS_MS: "50" };
const FAILED = { kind: "forceState", state: "FAILED", executed: false, count: 2 } as const;
const operator = { actor: "operator:ada", reason: "looked at" };

test("failed, retried after the backup and paid: after the restore Circle's list shows generation 2, and it is completed", async () => {
  let backup: Backup;
  let recipient: string;
  {
    await using line = await startTransferLine(world, QUICK_TRIES);
    recipient = await seed(line, "twice", world);
    await world.onTransfer(FAILED);
    await line.submit({ taskId: "twice", workerId: "twice" });
    const { id } = await line.until("twice", ({ state }) => state === "failed");
    backup = await takeBackup(line.pool);
    const request = { paymentId: id, expectedGeneration: 1, ...operator };
    await retryPayment(acceptanceDeps(line.connected), request);
    await line.until("twice", ({ state }) => state === "completed");
  }

  await using line = await startTransferLine(world, QUICK_TRIES);
  await restore(line.pool, backup);

  const payment = await line.until("twice", ({ state }) => state === "completed");
  expect(payment.generation).toBe(2);
  expect(await world.usdcOf(recipient)).toBe(NET);
  expect(await auditOf(line)).toContain("payment.transfer_found");
});

test("a later generation that Circle has not executed yet is waited for, to another wallet than the first one's", async () => {
  let backup: Backup;
  const recipient = addressOf("moved");
  {
    await using line = await startTransferLine(world, QUICK_TRIES);
    await seed(line, "slow", world);
    await world.onTransfer(FAILED);
    await line.submit({ taskId: "slow", workerId: "slow" });
    const { id } = await line.until("slow", ({ state }) => state === "failed");
    await line.pool.query(sql.type(anyRow)`UPDATE workers SET wallet_address = ${recipient}`);
    backup = await takeBackup(line.pool);
    await world.onTransfer({ kind: "executeLate", delayMs: 8_000 });
    const posts = await world.posts();
    const request = { paymentId: id, expectedGeneration: 1, ...operator };
    await retryPayment(acceptanceDeps(line.connected), request);
    await expect.poll(() => world.posts(), { timeout: 20_000 }).toBeGreaterThan(posts);
  }
  await using line = await startTransferLine(world, QUICK_TRIES);
  await restore(line.pool, backup);

  const payment = await line.until("slow", ({ state }) => state === "completed");
  expect(payment.generation).toBe(2);
  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("one that nothing was sent for after the backup stays failed, and a retry is refused", async () => {
  let backup: Backup;
  {
    await using line = await startTransferLine(world, QUICK_TRIES);
    await seed(line, "unpaid", world);
    await world.onTransfer(FAILED);
    await line.submit({ taskId: "unpaid", workerId: "unpaid" });
    await line.until("unpaid", ({ state }) => state === "failed");
    backup = await takeBackup(line.pool);
  }
  await using line = await startTransferLine(world, QUICK_TRIES);
  await restore(line.pool, backup);
  await lookedFor();

  const { id, state } = await line.payment("unpaid");
  const request = { paymentId: id, expectedGeneration: 1, ...operator };
  expect(state).toBe("failed");
  expect(await retryPayment(acceptanceDeps(line.connected), request)).toEqual({
    kind: "before_restore",
    generation: 1,
  });
});

test("a payment whose send the backup had not, is found by its id at Circle and completed", async () => {
  const { backup, recipient } = await payAfterBackup("sent-later");
  await using line = await startTransferLine(world);
  await restore(line.pool, backup);

  await line.until("sent-later", ({ state }) => state === "completed");

  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("a payment that was read again after the restore, and had been paid, is found and completed without terms of its own", async () => {
  const { backup, recipient } = await payAfterBackup("read-again");
  await using line = await startTransferLine(world);
  await restore(line.pool, { ...backup, payments: [], inbox: [] });
  await line.submit({ taskId: "read-again", workerId: "read-again" });

  await line.until("read-again", ({ state }) => state === "completed");

  expect(await world.usdcOf(recipient)).toBe(NET);
});

test("what our own topic announced as completed is completed by the receipt, and not announced again", async () => {
  const { backup, recipient, payment } = await payAfterBackup("announced");
  await using line = await startTransferLine(world);
  await announce(line.pool, payment.id, payment.txHash);
  await restore(line.pool, { ...backup, payments: [], inbox: [] });
  // Circle has forgotten it, so that nothing but the event names the transaction.
  await world.control.reset();
  await line.submit({ taskId: "announced", workerId: "announced" });

  const completed = await line.until("announced", ({ state }) => state === "completed");

  expect(completed.txHash).toBe(payment.txHash);
  expect(await world.usdcOf(recipient)).toBe(NET);
  expect(await rowsOf(line.pool, "outbox")).toEqual([]);
  expect(await rowsOf(line.pool, "transfers")).toMatchObject([{ payment_id: payment.id }]);
  expect(await mismatchesOf(line)).toEqual([]);
});

test("announced by a transaction that moved something else: review with the reason, and completed by nobody", async () => {
  const other = await payAfterBackup("somebody-else");
  const { backup, payment } = await payAfterBackup("misannounced");
  await world.control.reset();
  await using line = await startTransferLine(world);
  await announce(line.pool, payment.id, other.payment.txHash);
  await restore(line.pool, { ...backup, payments: [], inbox: [] });
  await line.submit({ taskId: "misannounced", workerId: "misannounced" });

  const doubted = await line.until("misannounced", ({ state }) => state === "review");

  expect(doubted.doubt?.reason).toBe("announced_unproven");
  expect(await rowsOf(line.pool, "transfers")).toEqual([]);
});

test("an operator names the transaction that paid: proven by its Transfer log, it completes the payment; any other does not", async () => {
  const other = await payAfterBackup("not-this");
  const { backup, payment } = await payAfterBackup("confirmed");
  await world.control.reset();
  await using line = await startTransferLine(world);
  await restore(line.pool, { ...backup, payments: [], inbox: [] });
  await line.submit({ taskId: "confirmed", workerId: "confirmed" });
  await line.until("confirmed", ({ state }) => state === "review");
  const deps = reviewDeps(line.connected);
  const request = { paymentId: payment.id, expectedGeneration: 1, ...operator };
  const confirm = (txHash: string) =>
    resolveReview(deps, request, { kind: "confirm_paid", txHash });

  const wrong = await confirm(other.payment.txHash);
  expect(wrong).toMatchObject({ kind: "refused", problem: { code: "evidence_rejected" } });
  expect(failedChecks(wrong)).toEqual(["recipient"]);
  const unknown = await confirm(`0x${"7".repeat(64)}`);
  expect(failedChecks(unknown)).toEqual(["transaction"]);
  expect((await line.payment("confirmed")).state).toBe("review");

  expect(await confirm(payment.txHash)).toMatchObject({
    kind: "done",
    payment: { state: "completed", txHash: payment.txHash },
  });
  expect(await auditOf(line)).toContain("payment.confirmed_paid");
  expect(await rowsOf(line.pool, "outbox")).toMatchObject([{ topic: "payment.completed" }]);
});

test("a transaction that proves one payment proves no other of the same terms", async () => {
  const { backup, payment } = await payAfterBackup("bound");
  await world.control.reset();
  await using line = await startTransferLine(world);
  await restore(line.pool, { ...backup, payments: [], inbox: [] });
  await line.pool.query(sql.type(anyRow)`
    INSERT INTO tasks (platform_id, id, worker_id, amount, currency, status)
    SELECT platform_id, 'twin', worker_id, amount, currency, status FROM tasks`);
  await line.submit({ taskId: "bound", workerId: "bound" }, { taskId: "twin", workerId: "bound" });
  const deps = reviewDeps(line.connected);
  const decision = { kind: "confirm_paid", txHash: payment.txHash } as const;
  const resolve = async (taskId: string) => {
    const { id } = await line.until(taskId, ({ state }) => state === "review");
    return resolveReview(deps, { paymentId: id, expectedGeneration: 1, ...operator }, decision);
  };

  expect(await resolve("bound")).toMatchObject({ kind: "done" });
  const second = await resolve("twin");
  expect(failedChecks(second)).toEqual(["unbound"]);
});

type Backup = Readonly<Record<string, readonly unknown[]>>;

const TABLES = [
  ["platforms", "workers", "tasks", "payments", "payment_outcomes", "inbox"],
  ["transactions", "transaction_items", "transfers"],
].flat();

const jsonRow = z.object({ row: z.string() });

async function takeBackup(pool: Database): Promise<Backup> {
  const entries = TABLES.map(async (table) => {
    const name = sql.identifier([table]);
    const rows = await pool.any(sql.type(jsonRow)`SELECT to_jsonb(t)::text AS row FROM ${name} t`);
    return [table, rows.map(({ row }): unknown => JSON.parse(row))] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Puts it back, into an empty database, and has it confirmed as a restore. */
async function restore(pool: Database, backup: Backup): Promise<void> {
  const statements = TABLES.map((table) => {
    const name = sql.identifier([table]);
    return sql.type(anyRow)`
      INSERT INTO ${name} SELECT * FROM jsonb_populate_recordset(NULL::${name}, ${JSON.stringify(backup[table])}::jsonb)`;
  });
  const deployment = sql.type(anyRow)`
    INSERT INTO deployment (chain_id, pay_once, restored_at) VALUES (${world.chain.chainId}, ${NO_CONTRACT}, now())`;
  await tamper(pool, ...statements, deployment);
}

/** A life in which a backup is taken while the payment is planned, and which pays it then. */
async function payAfterBackup(taskId: string) {
  await using line = await startTransferLine(world);
  const recipient = await seed(line, taskId, world);
  const { log, bells } = line.connected;
  await pause({ database: line.pool, log }, EVERYTHING, "a backup is taken", "operator:ada");
  await line.submit({ taskId, workerId: taskId });
  const backup = await takeBackup(line.pool);
  await resume(
    { database: line.pool, log, wake: bells.dispatch },
    EVERYTHING,
    "it was",
    "operator:ada",
  );
  const payment = await line.until(taskId, ({ state }) => state === "completed");
  return { backup, recipient, payment: { id: payment.id, txHash: String(payment.txHash) } };
}

async function announce(pool: Database, paymentId: string, txHash: string): Promise<void> {
  await pool.query(sql.type(anyRow)`
    INSERT INTO announced_outcomes (event_id, payment_id, generation, kind, tx_hash, topic, partition, record_offset)
    VALUES (${eventIdOf(paymentId, 1, "completed")}, ${paymentId}, 1, 'completed', ${txHash}, 'payment.completed', 0, 0)`);
}

function failedChecks(answer: Awaited<ReturnType<typeof resolveReview>>): string[] {
  if (answer.kind === "done") return [];
  return answer.problem.checks.filter(({ passed }) => !passed).map(({ name }) => name);
}

/** Circle was asked for its list. */
async function lookedFor(): Promise<void> {
  const lists = async () =>
    (await world.control.stats()).endpoints["GET /v1/w3s/transactions"]?.requests ?? 0;
  const before = await lists();
  await expect.poll(lists, { timeout: 30_000 }).toBeGreaterThan(before);
}
