import { pino } from "pino";
import { expect, test } from "vitest";
import { acceptBatch } from "../../src/acceptance/accept-batch.ts";
import { noteOffsetAlarm } from "../../src/note-offset-alarm.ts";
import { acceptanceOver, batchOf, taskCompleted, TOPIC } from "../support/acceptance.ts";
import { freshDatabase } from "../support/database.ts";
import { rowsOf } from "../support/read-rows.ts";
import { insertDeployment, insertPlatform, insertTasks, insertWorker } from "../support/seed.ts";

const alarm = {
  topic: TOPIC,
  partition: 0,
  known: 5n,
  low: 0n,
  high: 9n,
  stored: 1n,
  resumedAt: 1n,
};

/** The restored directory says another amount than the one that was paid in the life that the backup forgot. */
test.each([
  ["restored", "voiding", 0],
  ["topic_recreated", "failed", 1],
] as const)(
  "an ineligible event that is read again after the alarm '%s' is %s",
  async (kind, state, events) => {
    await using database = await freshDatabase();
    const { pool } = database;
    await insertDeployment(pool);
    await insertPlatform(pool, { id: "platform-1" });
    await insertWorker(pool, { id: "worker-1" });
    await insertTasks(pool, [
      { platformId: "platform-1", id: "task-1", workerId: "worker-1", amount: 7_000_000n },
    ]);
    await noteOffsetAlarm({ pool, log: pino({ level: "silent" }) }, { ...alarm, kind });
    await acceptBatch(acceptanceOver(pool), batchOf([taskCompleted()]));
    expect(await rowsOf(pool, "payments")).toMatchObject([{ state }]);
    expect(await rowsOf(pool, "outbox")).toHaveLength(events);
    expect((await rowsOf(pool, "audit_log"))[0]).toMatchObject({
      action: `alarm.offset_${kind}`,
      details: { stored: "1", known: "5" },
    });
  },
);
