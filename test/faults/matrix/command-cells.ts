import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { sql } from "slonik";
import { z } from "zod";
import type { PublishedTask } from "../../../sandbox/traffic/ledger.ts";
import { insertPlatform } from "../../support/seed.ts";
import { paymentIdOf } from "../../../src/payment/ids.ts";
import { startCommand, type ArmedCommand, type CommandSpec } from "./armed-command.ts";
import type { CellSpec, Played } from "./cell-spec.ts";
import { ACTIONS, type Action } from "./failpoint-cells.ts";
import { logsOf } from "./logs.ts";
import { operate, OPERATOR } from "./operate.ts";
import type { MigratePlace, OperatorPlace } from "./places.ts";
import type { Stage } from "./stage.ts";

const GIGPAY = fileURLToPath(new URL("../../../src/cli/gigpay.ts", import.meta.url));
/** Done, or done already by the other one. */
const SECOND_EXITS = [0, 5];
const LATE_PLATFORM = "platform-late";
const ENDED_WITHIN_MS = 45_000;
/** Long enough for the second process to stand before what the frozen one holds. */
const POLL_MS = 50;
const FROZEN_MS = 2_000;

const OPERATOR_PLACES: readonly OperatorPlace[] = [
  "pause.before_commit",
  "pause.committed",
  "void.before_commit",
  "void.committed",
  "retry.before_commit",
  "retry.committed",
  "replay.before_commit",
  "replay.committed",
];
const MIGRATE_PLACES: readonly MigratePlace[] = ["migrate.before_commit", "migrate.committed"];

/** The places of an operator's command and of `gigpay migrate`. They are the same on both rails. */
export function commandCells(): CellSpec[] {
  return [
    ...OPERATOR_PLACES.flatMap((place) => ACTIONS.map((action) => operatorCell(place, action))),
    ...MIGRATE_PLACES.flatMap((place) => ACTIONS.map((action) => migrateCell(place, action))),
  ];
}

function operatorCell(place: OperatorPlace, action: Action): CellSpec {
  const name = `${place}/${action}/arc`;
  return {
    name,
    kind: "failpoint",
    rail: "arc",
    play: (stage) => playOperator(stage, name, place, action),
  };
}

async function playOperator(
  stage: Stage,
  cell: string,
  place: OperatorPlace,
  action: Action,
): Promise<Played> {
  const [deed = ""] = place.split(".");
  await stage.fleet.start("one").service.ready;
  await stage.traffic.mixed();
  const task = await prepare(stage, deed);
  const paymentId = task ? paymentIdOf(task.platformId, task.taskId) : "";
  const run = (name: string, plan: CommandSpec["plan"] = []) =>
    startCommand({
      args: [OPERATOR, deed, paymentId],
      env: stage.settings,
      plan,
      logPath: `${logsOf(cell)}/${name}.log`,
    });
  await interrupted(run("armed", [{ name: place, action }]), () => run("again"), action);
  const endedAtMs = Date.now();
  await operate(stage, cell, "resume");
  await stage.traffic.plain(4);
  return { endedAtMs };
}

/** Makes the payment that the deed is done to. */
async function prepare(stage: Stage, deed: string): Promise<PublishedTask | undefined> {
  const { traffic, cell } = stage;
  if (deed === "pause") return undefined;
  if (deed === "void") {
    await traffic.untilEnded([...traffic.ledger.tasks.keys()], ENDED_WITHIN_MS);
    await operate(stage, "void", "pause");
    const [task] = await traffic.plain(1);
    await untilPlanned(stage, task);
    return task;
  }
  await traffic.untilEnded([...traffic.ledger.tasks.keys()], ENDED_WITHIN_MS);
  if (deed === "replay") {
    await makeDeadLetter(stage);
    return undefined;
  }
  const [blocked] = traffic.directory.workers;
  const task = [...traffic.ledger.tasks.values()].find(({ workerId }) => workerId === blocked?.id);
  if (!task || !blocked) throw new Error("nobody was blocked");
  await cell.sandbox.chain.setBlacklisted("USDC", blocked.wallet as `0x${string}`, false);
  traffic.ledger.record({ ...task, expected: "completed" });
  return task;
}

/** The event of a platform that is made known only after it. */
async function makeDeadLetter({ traffic, cell }: Stage): Promise<void> {
  const { pool } = cell.world;
  const [task] = await traffic.plain(1, { platformId: LATE_PLATFORM });
  if (!task) throw new Error("nothing was published");
  const deadlineMs = Date.now() + ENDED_WITHIN_MS;
  while (Number(await pool.oneFirst(deadLetters)) === 0) {
    if (Date.now() > deadlineMs) throw new Error("no dead letter came");
    await delay(POLL_MS);
  }
  const { payer: walletAddress } = task;
  await insertPlatform(pool, { id: LATE_PLATFORM, walletAddress, taskSource: "event" });
}

const deadLetters = sql.type(z.object({ count: z.bigint() }))`SELECT count(*) FROM dead_letters`;

async function untilPlanned({ cell }: Stage, task: PublishedTask | undefined): Promise<void> {
  if (!task) return;
  const id = paymentIdOf(task.platformId, task.taskId);
  const planned = sql.type(z.object({ id: z.string() }))`
    SELECT id FROM payments WHERE id = ${id}::uuid AND state = 'planned'`;
  const deadlineMs = Date.now() + ENDED_WITHIN_MS;
  while (!(await cell.world.pool.maybeOne(planned))) {
    if (Date.now() > deadlineMs) throw new Error("the payment was never planned");
    await delay(POLL_MS);
  }
}

function migrateCell(place: MigratePlace, action: Action): CellSpec {
  const name = `${place}/${action}/arc`;
  return {
    name,
    kind: "failpoint",
    rail: "arc",
    options: { migrate: (databaseUrl) => migrate(databaseUrl, name, place, action) },
    async play({ fleet, traffic }) {
      fleet.start("one");
      await traffic.mixed();
      return { endedAtMs: Date.now() };
    },
  };
}

async function migrate(
  databaseUrl: string,
  cell: string,
  place: MigratePlace,
  action: Action,
): Promise<void> {
  const run = (name: string, plan: CommandSpec["plan"] = []) =>
    startCommand({
      args: [GIGPAY, "migrate"],
      env: { DATABASE_URL: databaseUrl },
      plan,
      logPath: `${logsOf(cell)}/${name}.log`,
    });
  await interrupted(run("armed", [{ name: place, action }]), () => run("again"), action);
}

/** A command that is interrupted at its place, and the same once more, beside it where it is frozen, which must succeed. */
async function interrupted(
  armed: ArmedCommand,
  again: () => ArmedCommand,
  action: Action,
): Promise<void> {
  const { pid } = await armed.acts.next(`the ${action}`, (act) => act.action === action);
  if (action !== "stop") await armed.ended;
  const second = again();
  if (action === "stop") {
    await Promise.race([second.ended, new Promise((resolve) => setTimeout(resolve, FROZEN_MS))]);
    process.kill(pid, "SIGCONT");
    await armed.ended;
  }
  const exit = await second.ended;
  if (!SECOND_EXITS.includes(exit.code ?? -1))
    throw new Error(`the second: ${JSON.stringify(exit)} ${second.lines.join("\n")}`);
}
