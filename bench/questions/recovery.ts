import { freePort } from "../../sandbox/process/free-port.ts";
import type { Audited, Cell, Question, RunContext } from "../question.ts";
import { measureNeighbours } from "../world/neighbours.ts";
import { startSandboxWorld } from "../world/start-sandbox-world.ts";
import { measureTakeover } from "../world/takeover.ts";

type TakeoverCell = { readonly of: "takeover"; readonly by: "another instance" | "a restart" };
type NeighboursCell = {
  readonly of: "neighbours";
  readonly backlog: number;
  readonly waitsIn: "Kafka" | "Postgres";
};
type RecoveryParams = TakeoverCell | NeighboursCell;

const BY_ANOTHER = "kill -9, another instance goes on";
const BY_RESTART = "kill -9, restarted at once";
const IN_KAFKA = "one platform's 100,000 at once, by Kafka";
const IN_POSTGRES = "one platform's 100,000, paused and then resumed";

const CELLS: readonly Cell<RecoveryParams>[] = [
  { label: BY_ANOTHER, params: { of: "takeover", by: "another instance" } },
  { label: BY_RESTART, params: { of: "takeover", by: "a restart" } },
  { label: IN_KAFKA, params: { of: "neighbours", backlog: 100_000, waitsIn: "Kafka" } },
  { label: IN_POSTGRES, params: { of: "neighbours", backlog: 100_000, waitsIn: "Postgres" } },
];

const QUICK_BACKLOG = 2_000;

/** How soon payments go on after a kill, and what one platform's backlog does to the others. */
export const recovery: Question<RecoveryParams> = {
  name: "recovery",
  asks: "How soon after kill -9 are payments done again, and does one platform's backlog make the others late?",
  notes: `On arc with 0.5 s blocks, 50 tasks a second. *Stored*: payments that were accepted and not yet announced when the process was killed; by a restart
their time counts from the new process's start. *New*: the first task that was done after the kill. *Late*: tasks with more than 3 s; the last of them ended so long after the kill.
*Backlog*: in its first minute the other platforms go on at 50 a second, and their times are those shown; then it is only seen to its end. In Postgres it waits
accepted, and dispatch takes turns. In Kafka all of it stands in the same partitions before their events, which nobody can accept before it: they are late by as
long as accepting it takes, *accepted/s*, while its first payments are paid beside that.`,
  cells: CELLS,
  columns: [
    { measure: "storedFirstMs", title: "first stored, ms" },
    { measure: "storedLastMs", title: "last stored, ms" },
    { measure: "newFirstMs", title: "first new, ms" },
    { measure: "lateTasks", title: "late" },
    { measure: "lateLastMs", title: "last late, ms" },
    { measure: "othersP50Ms", title: "others' p50, ms" },
    { measure: "othersP99Ms", title: "others' p99, ms" },
    { measure: "acceptedPerSecond", title: "backlog accepted/s" },
    { measure: "backlogPerSecond", title: "backlog paid/s" },
    { measure: "serviceRssMaxMb", title: "service, MB" },
  ],
  targets: [
    { cell: BY_ANOTHER, measure: "storedLastMs", comparison: "<=", value: 5_000 },
    { cell: BY_ANOTHER, measure: "lateLastMs", comparison: "<=", value: 8_000 },
    { cell: BY_RESTART, measure: "storedFirstMs", comparison: "<=", value: 2_000 },
    { cell: BY_RESTART, measure: "lateLastMs", comparison: "<=", value: 8_000 },
    { cell: IN_KAFKA, measure: "othersP99Ms", comparison: "<", value: 3_000 },
    { cell: IN_POSTGRES, measure: "othersP99Ms", comparison: "<", value: 3_000 },
    { cell: IN_KAFKA, measure: "serviceRssMaxMb", comparison: "<", value: 300 },
    { cell: IN_POSTGRES, measure: "serviceRssMaxMb", comparison: "<", value: 300 },
  ],
  plots: [],
  cellMaxMs: 250_000,
  run: ({ params }, context) =>
    params.of === "takeover" ? runTakeover(params, context) : runNeighbours(params, context),
};

async function runTakeover({ by }: TakeoverCell, context: RunContext): Promise<Audited> {
  await using world = await startSandboxWorld({ rail: "arc" }, context);
  return await measureTakeover(world, by, context);
}

async function runNeighbours(
  { backlog, waitsIn }: NeighboursCell,
  context: RunContext,
): Promise<Audited> {
  const settings = { HTTP_PORT: String(await freePort()) };
  const sandbox = { treasuries: 5, blockGasLimit: 1_000_000_000 };
  await using world = await startSandboxWorld({ rail: "arc", settings, sandbox }, context);
  const count = context.isQuick ? QUICK_BACKLOG : backlog;
  return await measureNeighbours(world, { backlog: count, waitsIn }, context);
}
