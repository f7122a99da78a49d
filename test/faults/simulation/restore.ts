import { pino } from "pino";
import { topicsOf } from "../../../src/connections.ts";
import { closeRestore } from "../../../src/restore/close-restore.ts";
import { openRestore } from "../../../src/restore/open-restore.ts";
import { readReport } from "../../../src/restore/restore-report.ts";
import { instanceOf, readerOf, type Connected } from "../../../src/stage-deps.ts";
import { addLate, WORKER_IDS } from "./platforms.ts";
import type { World } from "./world.ts";

const ACTOR = "operator:simulated";

/**
 * The database becomes what it was at the backup. As docs say of it: every old process is stopped, the directory is
 * mended, and the operator declares it before a service starts. What had left is still on its way.
 */
export async function restoreDatabase(world: World): Promise<void> {
  const { database, instances, kafka, random, tasks, late } = world;
  for (const { process } of instances) if (!process.isDead) process.crash();
  // A broker has what it was sent within seconds, long before files are put back: nothing of the dead is told later.
  for (const message of world.network.messages) {
    if (!message.name.startsWith("produce")) continue;
    message.deliver();
    message.lose();
  }
  await world.traffic.untilQuiet();
  await database.restore();
  world.isRestored = true;
  world.tally.restores += 1;
  world.hasMovedOffsets = true;
  for (const { event } of tasks) {
    const isDirectory = event.platformId === "directory";
    if (isDirectory && !late.has(event.taskId)) await addLate(database.pool, tasks, event.taskId);
  }
  for (const id of WORKER_IDS) if (!late.has(id)) await addLate(database.pool, tasks, id);
  const rewound = random.chance(0.5);
  if (rewound) kafka.committed.clear();
  world.tell(`  restored${rewound ? ", with Kafka's offsets deleted" : ""}`);
  const log = pino({ level: "silent" });
  const sign = { kind: "declared", actor: ACTOR, reason: "a backup was restored" } as const;
  await openRestore({ db: database.pool, log }, sign);
}

/** The operator's confirmation, once nothing is left to wait for: what `gigpay restored --yes` does. */
export async function confirmRestore(world: World, console: Connected): Promise<void> {
  const { config, kafka, pool } = console;
  const report = await readReport({
    pool,
    kafka,
    topics: topicsOf(config),
    instance: instanceOf(config),
    headNumber: () => readerOf(console).headNumber(),
    // While Kafka is away the command fails, and is given again.
  }).catch(() => undefined);
  if (!report) return;
  const { waitingFor, state } = report;
  if (!state.open || waitingFor.length > 0) return;
  const closing = { restoreId: state.open.id, actor: ACTOR, reason: "the backup of tonight" };
  const isClosed = await closeRestore(pool, { ...closing, verdict: "restored" });
  world.tell(`  the restore is ${isClosed ? "" : "not "}confirmed`);
}
