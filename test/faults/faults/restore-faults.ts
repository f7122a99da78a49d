import { fileURLToPath } from "node:url";
import { sql } from "slonik";
import { z } from "zod";
import { runCommand } from "../../../sandbox/process/run-command.ts";
import { withAdmin, type PartitionOffset } from "../boxes/kafka-operations.ts";
import { backUpDatabase, backUpServer, type Backup } from "../boxes/postgres-operations.ts";
import type { Cell, Fault } from "../fault.ts";
import { groupOf, moveOffsets } from "./kafka-faults.ts";
import { databaseOf } from "./postgres-faults.ts";
import { begun, BOTH_RAILS, completed, pause, unresolved, untilTrue } from "./shapes.ts";

const MOMENTS = ["before", "in the middle of", "after"] as const;
type Moment = (typeof MOMENTS)[number];

interface Restore {
  readonly kind: "physical" | "logical";
  readonly moment: Moment;
  readonly isKafkaRewound: boolean;
}

const OCCASION_WITHIN_MS = 30_000;
/** The service looks at its server every second; a busy machine is slower. */
const NOTICED_WITHIN_MS = 30_000;
const NOTHING_FORGOTTEN_MS = 5_000;
/** A command waits itself until the service has read what it must. */
const COMMAND_TIMEOUT_MS = 60_000;
const CONFIRMATIONS_MAX = 3;
const AGAIN_MS = 1_000;

const GIGPAY = fileURLToPath(new URL("../../../src/cli/gigpay.ts", import.meta.url));
const QUIET = "--disable-warning=TimeoutNegativeWarning";

/** A backup put back, of each kind, from each moment, with Kafka's offsets as they are or as they were. */
export const restoreFaults: readonly Fault[] = (["physical", "logical"] as const).flatMap((kind) =>
  MOMENTS.flatMap((moment) =>
    [false, true].map((isKafkaRewound) => restoreFault({ kind, moment, isKafkaRewound })),
  ),
);

function restoreFault(restore: Restore): Fault {
  const { kind, moment, isKafkaRewound } = restore;
  const kafka = isKafkaRewound ? "Kafka rewound" : "Kafka ahead";
  return {
    name: `postgres: ${kind} backup from ${moment} payments restored, ${kafka}`,
    part: "postgres",
    rails: BOTH_RAILS,
    async start(cell) {
      const early = moment === "before" ? await backUp(cell, restore) : undefined;
      return begun((signal) => play(cell, restore, { early, signal }));
    },
  };
}

/** Backs up at its moment unless that was done, puts the backup back, and confirms what the service noticed. */
async function play(
  cell: Cell,
  restore: Restore,
  { early, signal }: { readonly early: Copy | undefined; readonly signal: AbortSignal },
): Promise<number> {
  const copy = early ?? (await backUpInTime(cell, restore, signal));
  try {
    // A backup that forgot nothing would be put back unnoticed, and rightly so.
    if (restore.moment !== "after") {
      const hasForgotten = async () => (await completed(cell.world)) > copy.paid;
      await untilOccasion("nothing was completed since the backup", hasForgotten, signal);
    }
    if (restore.isKafkaRewound) {
      await moveOffsets(cell, async () => {
        await copy.backup.restore();
        return copy.offsets;
      });
    } else {
      await copy.backup.restore();
    }
  } finally {
    await copy.backup.discard();
  }
  await confirm(cell, restore.moment);
  return 1;
}

/** Once payments are under way, or all have ended. */
async function backUpInTime(cell: Cell, restore: Restore, signal: AbortSignal): Promise<Copy> {
  const { world, sandbox } = cell;
  if (restore.moment === "after") {
    const isOver = async () => (await completed(world)) > 0 && (await unresolved(world)) === 0;
    await untilOccasion("the payments never ended", isOver, signal);
    return backUp(cell, restore);
  }
  const isUnderWay = async () => (await unresolved(world)) > 0;
  await untilOccasion("no payment was ever under way", isUnderWay, signal);
  // However long the copy takes, what is under way ends after it.
  sandbox.chain.pauseBlocks();
  try {
    return await backUp(cell, restore);
  } finally {
    sandbox.chain.resumeBlocks();
  }
}

/** Each wait has its own time: a busy machine takes half a minute for a backup alone. */
async function untilOccasion(
  otherwise: string,
  holds: () => Promise<boolean>,
  signal: AbortSignal,
) {
  const late = AbortSignal.any([signal, AbortSignal.timeout(OCCASION_WITHIN_MS)]);
  if (await untilTrue(holds, late)) return;
  if (!signal.aborted) throw new Error(`no occasion for the restore: ${otherwise}`);
}

interface Copy {
  readonly backup: Backup;
  /** How many payments it knows as completed, at the most. */
  readonly paid: number;
  /** What the service's group had committed then. */
  readonly offsets: readonly PartitionOffset[];
}

async function backUp(cell: Cell, { kind }: Restore): Promise<Copy> {
  const { sandbox, world } = cell;
  const offsets = await committedOffsets(cell);
  const backup =
    kind === "physical"
      ? await backUpServer(sandbox.postgres)
      : await backUpDatabase(sandbox.postgres, databaseOf(world.settings));
  // A copy holds what its end saw: what is completed later is what it will have forgotten.
  return { backup, paid: await completed(world), offsets };
}

async function committedOffsets(cell: Cell): Promise<readonly PartitionOffset[]> {
  const { groupId, topic } = groupOf(cell);
  const [held] = await withAdmin(cell.sandbox.kafka.brokers, (admin) =>
    admin.fetchOffsets({ groupId, topics: [topic] }),
  );
  const partitions = held?.partitions ?? [];
  // Nothing committed yet reads as -1; the beginning says the same.
  return partitions.map(({ partition, offset }) => ({
    partition,
    offset: offset === "-1" ? "0" : offset,
  }));
}

/** What the operator does, once the service says that it noticed. A backup that forgot nothing may go unnoticed. */
async function confirm({ world }: Cell, moment: Moment): Promise<void> {
  const late = AbortSignal.timeout(moment === "after" ? NOTHING_FORGOTTEN_MS : NOTICED_WITHIN_MS);
  const isNoticed = await untilTrue(() => isOpen(world), late);
  if (!isNoticed && moment !== "after") throw new Error("the service never noticed the restore");
  if (!isNoticed) return;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await gigpay(world.settings, "restored", "--yes", "--reason", "the backup of this cell");
      return;
    } catch (error) {
      if (attempt === CONFIRMATIONS_MAX) throw error;
      await pause(AGAIN_MS);
    }
  }
}

async function isOpen({ pool }: Cell["world"]): Promise<boolean> {
  return pool.exists(sql.type(z.unknown())`SELECT FROM restores WHERE closed_at IS NULL`);
}

async function gigpay(
  settings: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<void> {
  const command = {
    name: `gigpay ${args[0]}`,
    command: process.execPath,
    args: [QUIET, GIGPAY, ...args],
    env: { ...settings },
  };
  await runCommand(command, COMMAND_TIMEOUT_MS);
}
