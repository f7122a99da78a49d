import { setTimeout as delay } from "node:timers/promises";
import { sql } from "slonik";
import { encodeFunctionData } from "viem";
import { z } from "zod";
import { payOnceAbi } from "../../../contracts/pay-once-abi.ts";
import { anvilClient, SANDBOX_FEES, transactor } from "../../../sandbox/chain/transact.ts";
import { circleControl } from "../../../sandbox/circle/control-client.ts";
import type { Rail } from "../../../sandbox/service-settings.ts";
import { taskKey, type PublishedTask } from "../../../sandbox/traffic/ledger.ts";
import { anyRow } from "../../../src/database/pool.ts";
import { paymentIdOf, refOf } from "../../../src/payment/ids.ts";
import { backUpDatabase, type Backup } from "../boxes/postgres-operations.ts";
import type { CellSpec, Played } from "./cell-spec.ts";
import { untilPending } from "./chain-acts.ts";
import type { StartOptions } from "./fleet.ts";
import { operate } from "./operate.ts";
import { confirmRestore, isRestoreOpen } from "./operator-on-call.ts";
import type { Stage } from "./stage.ts";

const WITHIN_MS = 60_000;
const POLL_MS = 50;

/** The nine traces of the protocol's model that broke an earlier reading of the design, told by real parts. */
export function traceCells(): CellSpec[] {
  return [
    {
      ...trace("1: a frozen sender wakes after failed(1)", "circle", frozenSender),
      // The takeover alone would put it into review, which is not what this trace is about.
      options: { settings: { PAYMENT_REVIEW_AFTER_MS: "60000" } },
    },
    trace("2: a stranger voids our id at an address of his own", "arc", stranger),
    trace("3: a void is unconfirmed while the chain stands still", "arc", voidInDoubt),
    trace("4: a wallet changes, and the database forgets the change", "arc", forgottenWallet),
    trace("5: a retry is forgotten while it is in flight", "arc", forgottenRetry),
    trace("6: a failure is forgotten, and could be paid now", "arc", forgottenFailure),
    trace("7: a payment is forgotten, but not by the chain", "arc", forgottenPayment),
    trace("8: a cancel and a payment meet in one block", "arc", cancelMeetsPay),
    trace("9: the database is behind the consumer", "arc", forgottenOffsets),
  ];
}

function trace(what: string, rail: Rail, play: CellSpec["play"]): CellSpec {
  return { name: `trace ${what}/${rail}`, kind: "trace", rail, play };
}

/** Its old POST is executed anew, for Circle has forgotten the key; the floor keeps it from paying. */
async function frozenSender(stage: Stage): Promise<Played> {
  const { fleet, traffic, cell } = stage;
  const control = circleControl(cell.world.parts.circle.controlUrl);
  await control.inject({ kind: "forceState", state: "FAILED", executed: false, count: null });
  const first = fleet.start("one", { plan: [{ name: "submit.before", action: "stop" }] });
  const [task] = await traffic.plain(1);
  await fleet.acts.next("the freezing", ({ action }) => action === "stop");
  fleet.start("two");
  await untilState(stage, task, ["voiding"]);
  await control.clearFaults();
  await ended(stage, task);
  await expectOutcome(stage, task, "failed");
  await control.inject({ kind: "forgetKey" });
  first.resume();
  const endedAtMs = Date.now();
  await traffic.mixed();
  return { endedAtMs };
}

async function stranger(stage: Stage): Promise<Played> {
  const { fleet, traffic, cell } = stage;
  const { chain } = cell.sandbox;
  await fleet.start("one").service.ready;
  const { admin, rpcUrl } = chain;
  const theirs = await chain.deployPayOnce({ admin: admin.address, operators: [admin.address] });
  chain.pauseBlocks();
  const [task] = await traffic.plain(1);
  await untilPending(stage);
  const refs = [{ id: refOf(idOf(task)), generation: 1 }];
  const data = encodeFunctionData({ abi: payOnceAbi, functionName: "void", args: [refs] });
  const transact = transactor(rpcUrl, anvilClient(rpcUrl), true);
  await transact(admin.privateKey, (wallet) =>
    wallet.sendTransaction({ to: theirs, data, ...SANDBOX_FEES }),
  );
  chain.resumeBlocks();
  const endedAtMs = Date.now();
  await ended(stage, task);
  await expectOutcome(stage, task, "completed");
  await traffic.mixed();
  return { endedAtMs };
}

async function voidInDoubt(stage: Stage): Promise<Played> {
  const { fleet, traffic, cell } = stage;
  await fleet.start("one").service.ready;
  await operate(stage, "trace", "pause");
  const [task] = await traffic.plain(1);
  await untilState(stage, task, ["planned"]);
  await operate(stage, "trace", "void", idOf(task));
  cell.sandbox.chain.pauseBlocks();
  await operate(stage, "trace", "resume");
  await untilState(stage, task, ["review"]);
  cell.sandbox.chain.resumeBlocks();
  const endedAtMs = Date.now();
  await ended(stage, task);
  await expectOutcome(stage, task, "failed");
  await traffic.mixed();
  return { endedAtMs };
}

/** Paid from the new wallet; planned again from the old one, it may not be paid again. */
async function forgottenWallet(stage: Stage): Promise<Played> {
  const { fleet, traffic, cell } = stage;
  const { pool, treasuries } = cell.world;
  await fleet.start("one").service.ready;
  await traffic.mixed();
  await allEnded(stage);
  await fleet.stop();
  const copy = await copyDatabase(stage);
  await pool.query(sql.type(anyRow)`
    UPDATE platforms SET wallet_address = ${(treasuries[1]?.address ?? "").toLowerCase()}
    WHERE id = 'platform-1'`);
  const payer = (treasuries[1]?.address ?? "").toLowerCase();
  fleet.start("two");
  await traffic.plain(3, { platformId: "platform-1", payer });
  await allEnded(stage);
  await fleet.stop();
  await copy.restore();
  return restoredAndOn(stage);
}

async function forgottenRetry(stage: Stage): Promise<Played> {
  const { fleet, traffic, cell } = stage;
  // One wallet, which has sent before: the nonce that it used since tells of the restore.
  const [key = ""] = (cell.world.settings["ARC_OPERATOR_PRIVATE_KEYS"] ?? "").split(",");
  const options = { settings: { ARC_OPERATOR_PRIVATE_KEYS: key } };
  await fleet.start("one", options).service.ready;
  await traffic.mixed();
  await allEnded(stage);
  const task = await failedFirst(stage);
  await fleet.stop();
  const copy = await copyDatabase(stage);
  fleet.start("two", options);
  await hire(stage, task);
  cell.sandbox.chain.pauseBlocks();
  await operate(stage, "trace", "retry", idOf(task));
  await untilPending(stage);
  await fleet.stop();
  cell.sandbox.chain.resumeBlocks();
  await copy.restore();
  await hire(stage, task);
  traffic.ledger.record({ ...task, expected: "completed" });
  return restoredAndOn(stage, options);
}

async function forgottenFailure(stage: Stage): Promise<Played> {
  const { fleet, traffic } = stage;
  await fleet.start("one").service.ready;
  await traffic.mixed();
  await allEnded(stage);
  await fleet.stop();
  const copy = await copyDatabase(stage);
  fleet.start("two");
  const task = await failedFirst(stage);
  await fleet.stop();
  await copy.restore();
  await hire(stage, task);
  return restoredAndOn(stage);
}

async function forgottenPayment(stage: Stage): Promise<Played> {
  const { fleet, traffic } = stage;
  await fleet.start("one").service.ready;
  await traffic.mixed();
  await allEnded(stage);
  await fleet.stop();
  const copy = await copyDatabase(stage);
  fleet.start("two");
  await traffic.plain(6);
  await allEnded(stage);
  await fleet.stop();
  await copy.restore();
  return restoredAndOn(stage);
}

async function cancelMeetsPay(stage: Stage): Promise<Played> {
  const { fleet, traffic, cell } = stage;
  await fleet.start("one").service.ready;
  cell.sandbox.chain.pauseBlocks();
  const [task] = await traffic.plain(1);
  await untilPending(stage);
  await operate(stage, "trace", "void", idOf(task));
  await untilPending(stage, 2);
  cell.sandbox.chain.resumeBlocks();
  const endedAtMs = Date.now();
  await ended(stage, task);
  await traffic.mixed();
  return { endedAtMs };
}

/** Kafka's offsets are ahead of the restored ones; what is between them is read again. */
async function forgottenOffsets(stage: Stage): Promise<Played> {
  const { fleet, traffic } = stage;
  await fleet.start("one").service.ready;
  await traffic.mixed();
  await allEnded(stage);
  await fleet.stop();
  const copy = await copyDatabase(stage);
  fleet.start("two");
  await traffic.mixed();
  await allEnded(stage);
  await fleet.stop();
  await copy.restore();
  // Published before anybody reads: the first commit after the restore could pass the forgotten ones over.
  await traffic.plain(4);
  return restoredAndOn(stage);
}

/** The service starts on the restored database, an operator has looked, and life goes on. */
async function restoredAndOn(stage: Stage, options: StartOptions = {}): Promise<Played> {
  const { fleet, traffic } = stage;
  fleet.start("three", options);
  await until("the restore is noticed", () => isRestoreOpen(stage));
  await confirmRestore(stage);
  const endedAtMs = Date.now();
  await traffic.plain(4);
  return { endedAtMs };
}

/** Of what the database holds now; while no service runs, so that nothing is under way. */
function copyDatabase({ cell }: Stage): Promise<Backup> {
  const name = new URL(cell.world.settings["DATABASE_URL"] ?? "").pathname.slice(1);
  return backUpDatabase(cell.sandbox.postgres, name);
}

/** A task of a worker whom nobody knows yet, failed with nothing sent. */
async function failedFirst(stage: Stage): Promise<PublishedTask> {
  const [known] = stage.traffic.directory.workers.slice(1);
  const wallet = known?.wallet ?? "";
  const [task] = await stage.traffic.plain(1, { workerId: "newcomer", wallet });
  if (!task) throw new Error("nothing was published");
  await ended(stage, task);
  await expectOutcome(stage, task, "failed");
  return task;
}

async function hire({ cell }: Stage, { workerId, wallet }: PublishedTask): Promise<void> {
  await cell.world.pool.query(sql.type(anyRow)`
    INSERT INTO workers (id, name, wallet_address) VALUES (${workerId}, ${workerId}, ${wallet})
    ON CONFLICT DO NOTHING`);
}

async function allEnded({ traffic }: Stage): Promise<void> {
  await traffic.untilEnded([...traffic.ledger.tasks.keys()], WITHIN_MS);
}

async function ended({ traffic }: Stage, task: PublishedTask | undefined): Promise<void> {
  if (task) await traffic.untilEnded([taskKey(task)], WITHIN_MS);
}

async function expectOutcome(
  { traffic }: Stage,
  task: PublishedTask | undefined,
  kind: "completed" | "failed",
): Promise<void> {
  const found = traffic.events.outcomes.findLast(({ taskId }) => taskId === task?.taskId);
  if (found?.kind !== kind) throw new Error(`${task?.taskId} ended as ${found?.kind}, not ${kind}`);
}

async function untilState(
  { cell }: Stage,
  task: PublishedTask | undefined,
  states: readonly string[],
): Promise<void> {
  const row = z.object({ state: z.string() });
  await until(`the payment is ${states.join(" or ")}`, async () => {
    const state = await cell.world.pool.maybeOneFirst(sql.type(row)`
      SELECT state FROM payments WHERE id = ${idOf(task)}::uuid`);
    return state !== null && states.includes(state);
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + WITHIN_MS;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await delay(POLL_MS);
  }
}

function idOf(task: PublishedTask | undefined): string {
  if (!task) throw new Error("nothing was published");
  return paymentIdOf(task.platformId, task.taskId);
}
