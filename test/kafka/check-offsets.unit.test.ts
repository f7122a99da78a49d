import type { Admin } from "kafkajs";
import { describe, expect, it } from "vitest";
import { createAssignment } from "../../src/kafka/assignment.ts";
import type { PartitionState } from "../../src/kafka/assignment.ts";
import { checkOffsets, idlePartitions } from "../../src/kafka/check-offsets.ts";

interface World {
  stored?: bigint;
  committed: string;
  low: string;
  high: string;
}

/** One partition, as an earlier check and delivery left it, and a check of it in a given world. */
function partitionAt(position: bigint | undefined, world: World) {
  const assignment = createAssignment([0]);
  const state = assignment.partitions.get(0) as PartitionState;
  if (position !== undefined) {
    Object.assign(state, { position, stored: position, durable: position, committed: position });
  }
  const asked: string[] = [];
  const outcome = { seeks: [] as bigint[], alarms: [] as string[] };
  const admin = {
    fetchOffsets: async () => {
      asked.push("committed");
      return [{ topic: "t", partitions: [{ partition: 0, offset: world.committed }] }];
    },
    fetchTopicOffsets: async () => {
      asked.push("log");
      return [{ partition: 0, offset: world.high, high: world.high, low: world.low }];
    },
  } as unknown as Admin;
  const check = (onLoad = () => {}, isCurrent = true) =>
    checkOffsets(
      {
        admin,
        settings: { topic: "t", groupId: "g", partitionsConcurrently: 1 },
        offsets: {
          load: async () => {
            asked.push("stored");
            onLoad();
            return new Map(world.stored === undefined ? [] : [[0, world.stored]]);
          },
        },
        handlers: {
          onRecords: async () => ({ kind: "durable" }),
          onAlarm: ({ kind }) => void outcome.alarms.push(kind),
        },
        seek: (_partition, offset) => void outcome.seeks.push(offset),
      },
      [state],
      () => isCurrent,
    );
  return { assignment, state, check, asked, ...outcome };
}

describe("comparing a partition's offsets while nothing comes from it", () => {
  it("does nothing where all agree", async () => {
    const { check, seeks, alarms } = partitionAt(5n, {
      stored: 5n,
      committed: "5",
      low: "0",
      high: "5",
    });
    await check();
    expect({ seeks, alarms }).toEqual({ seeks: [], alarms: [] });
  });

  it("seeks forward silently where another instance has read on", async () => {
    const { check, seeks, alarms, state } = partitionAt(5n, {
      stored: 8n,
      committed: "5",
      low: "0",
      high: "9",
    });
    await check();
    expect({ seeks, alarms }).toEqual({ seeks: [8n], alarms: [] });
    expect(state).toMatchObject({ stored: 8n, position: 8n, durable: 8n });
  });

  it("notices that Postgres was restored under it, though Kafka's commit never got that far", async () => {
    const { check, seeks, alarms } = partitionAt(5n, {
      stored: 3n,
      committed: "2",
      low: "0",
      high: "5",
    });
    await check();
    expect({ seeks, alarms }).toEqual({ seeks: [3n], alarms: ["restored"] });
  });

  it("raises an alarm once, however often it looks", async () => {
    const { check, alarms, state } = partitionAt(5n, {
      stored: 3n,
      committed: "5",
      low: "0",
      high: "5",
    });
    await check();
    await check();
    expect(alarms).toEqual(["restored"]);
    expect(state.durable).toBeNull();
  });

  it("leaves alone what was delivered from while it looked", async () => {
    const { check, seeks, alarms, state } = partitionAt(5n, {
      stored: 5n,
      committed: "5",
      low: "0",
      high: "9",
    });
    await check(() => Object.assign(state, { position: 7n, stored: 7n, durable: 7n }));
    expect({ seeks, alarms }).toEqual({ seeks: [], alarms: [] });
    expect(state).toMatchObject({ position: 7n, durable: 7n });
  });

  it("says nothing of a partition that is no longer ours", async () => {
    const { check, seeks, alarms } = partitionAt(5n, {
      stored: 3n,
      committed: "5",
      low: "0",
      high: "5",
    });
    await check(() => {}, false);
    expect({ seeks, alarms }).toEqual({ seeks: [], alarms: [] });
  });

  it("asks Kafka's commit first, then Postgres, then the log: else records made durable in between alarm", async () => {
    const { check, asked } = partitionAt(undefined, { committed: "-1", low: "0", high: "5" });
    await check();
    expect(asked).toEqual(["committed", "stored", "log"]);
  });

  it("concerns only partitions that are quiet, checked and not in the middle of a batch", () => {
    const quiet = partitionAt(5n, { committed: "5", low: "0", high: "5" });
    quiet.state.activeAtMs = performance.now() - 61_000;
    expect(idlePartitions(quiet.assignment, 60_000)).toEqual([quiet.state]);
    quiet.state.isBusy = true;
    expect(idlePartitions(quiet.assignment, 60_000)).toEqual([]);
    Object.assign(quiet.state, { isBusy: false, position: undefined });
    expect(idlePartitions(quiet.assignment, 60_000)).toEqual([]);
    Object.assign(quiet.state, { position: 5n, activeAtMs: performance.now() });
    expect(idlePartitions(quiet.assignment, 60_000)).toEqual([]);
  });
});
