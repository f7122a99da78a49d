import { sql } from "slonik";
import { z } from "zod";
import type { Cell, Fault } from "../fault.ts";
import {
  commitOffsets,
  emptyGroup,
  logOffsets,
  recreateTopic,
  republish,
  type PartitionOffset,
} from "../boxes/kafka-operations.ts";
import { joinGroup } from "../boxes/second-member.ts";
import { armed, meanwhile, midway, OUTAGE_MS, pause, untilTrue } from "./shapes.ts";

const STRIKES = 3;
/** Longer than the service waits for an answer. */
const LATE_MS = 16_000;
const SLOW_MS = 50;
const CUTS = 5;
const JOINS = 3;
/** Nothing more was published for so long. */
const STILL_MS = 500;
/** For records that the service has not accepted yet: nobody publishes while another instance takes over. */
const AHEAD_WITHIN_MS = 5_000;
const AHEAD_LOOKS = 5;
/** A consumer is back in its group in this time, and what it owes is done. */
const BETWEEN_LOOKS_MS = 8_000;
const STILL_WITHIN_MS = 20_000;

async function restart({ sandbox }: Cell, signal: NodeJS.Signals): Promise<number> {
  const { broker } = sandbox.kafka;
  await broker.down(signal);
  await pause(OUTAGE_MS);
  await broker.up();
  return 1;
}

export const kafkaFaults: readonly Fault[] = [
  midway({ name: "kafka: broker restarted", part: "kafka" }, (cell) => restart(cell, "SIGTERM")),
  midway({ name: "kafka: broker killed and restarted", part: "kafka" }, (cell) =>
    restart(cell, "SIGKILL"),
  ),
  armed({ name: "kafka: produce cut before it was appended", part: "kafka" }, ({ boxes }) => [
    boxes.kafka.strikeProduce({ at: "before", times: STRIKES }),
  ]),
  armed({ name: "kafka: produce appended, its answer lost", part: "kafka" }, ({ boxes }) => [
    boxes.kafka.strikeProduce({ at: "unanswered", times: STRIKES }),
  ]),
  armed({ name: "kafka: produce appended, answered too late", part: "kafka" }, ({ boxes }) => [
    boxes.kafka.strikeProduce({ at: "late", holdMs: LATE_MS, times: 1 }),
  ]),
  midway({ name: "kafka: connections cut", part: "kafka" }, async ({ boxes }) => {
    let broken = 0;
    for (let cut = 0; cut < CUTS; cut += 1) {
      broken += boxes.kafka.cut();
      await pause(OUTAGE_MS / CUTS);
    }
    return broken;
  }),
  meanwhile({ name: "kafka: slow", part: "kafka" }, async ({ boxes }) => {
    const before = boxes.kafka.disturbed();
    boxes.kafka.slow(SLOW_MS);
    return {
      lift: async () => boxes.kafka.slow(0),
      struck: () => boxes.kafka.disturbed() - before,
    };
  }),
  midway({ name: "kafka: rebalances in mid-batch", part: "kafka" }, async ({ boxes, ...cell }) => {
    const before = boxes.kafka.rebalancesTold();
    for (let join = 0; join < JOINS; join += 1) {
      const second = await joinGroup(cell.sandbox.kafka.brokers, groupOf(cell));
      await second.leave();
    }
    return boxes.kafka.rebalancesTold() - before;
  }),
  midway({ name: "kafka: every record published again", part: "kafka" }, (cell) =>
    republish(cell.sandbox.kafka.brokers, groupOf(cell).topic),
  ),
  midway({ name: "kafka: consumer rewound to the beginning", part: "kafka" }, async (cell) => {
    const { brokers } = cell.sandbox.kafka;
    await moveOffsets(cell, async () => (await logOffsets(brokers, groupOf(cell).topic)).begin);
    return 1;
  }),
  midway(
    { name: "kafka: topic made anew, offsets from 0", part: "kafka", needsSilence: true },
    async (cell) => {
      const { brokers } = cell.sandbox.kafka;
      const { topic } = groupOf(cell);
      await untilStill(cell);
      return recreateTopic(brokers, topic);
    },
  ),
  midway({ name: "kafka: consumer offset ahead of the database", part: "kafka" }, skipAhead),
];

type Group = { readonly groupId: string; readonly topic: string };

export function groupOf({ world }: Pick<Cell, "world">): Group {
  return {
    groupId: world.settings["KAFKA_GROUP_ID"] ?? "gigstream-payments",
    topic: world.topics.tasks,
  };
}

/** Sets the committed offsets of the service's group while its members are cut off. */
export async function moveOffsets(
  cell: Cell,
  to: () => Promise<readonly PartitionOffset[]>,
): Promise<void> {
  const { brokers } = cell.sandbox.kafka;
  const group = groupOf(cell);
  await cell.boxes.kafka.refuse();
  try {
    await emptyGroup(brokers, group.groupId);
    await commitOffsets(brokers, group, await to());
  } finally {
    await cell.boxes.kafka.mend();
  }
}

/** Commits the log's end, once it holds records that the service has not accepted: it would skip them if it believed that. */
async function skipAhead(cell: Cell): Promise<number> {
  let skipped = 0;
  for (let look = 0; look < AHEAD_LOOKS && skipped === 0; look += 1) {
    if (look > 0) await pause(BETWEEN_LOOKS_MS);
    skipped = await skipWhatIsThere(cell);
  }
  return skipped;
}

async function skipWhatIsThere(cell: Cell): Promise<number> {
  const { brokers } = cell.sandbox.kafka;
  const { topic } = groupOf(cell);
  let skipped = 0;
  await moveOffsets(cell, async () => {
    const late = AbortSignal.timeout(AHEAD_WITHIN_MS);
    await untilTrue(async () => {
      const { end } = await logOffsets(brokers, topic);
      skipped = lengthOf(end) - (await stored(cell));
      return skipped > 0;
    }, late);
    return (await logOffsets(brokers, topic)).end;
  });
  return skipped;
}

/** Records that are made durable, over all partitions. */
async function stored({ world }: Cell): Promise<number> {
  const sum = await world.pool.oneFirst(
    sql.type(z.object({ sum: z.bigint() }))`
      SELECT coalesce(sum(next_offset), 0)::bigint AS sum FROM kafka_offsets
      WHERE topic = ${world.topics.tasks}`,
  );
  return Number(sum);
}

/** A topic that is written to while it is deleted loses records that nobody could save. */
async function untilStill(cell: Cell): Promise<void> {
  const { brokers } = cell.sandbox.kafka;
  const { topic } = groupOf(cell);
  const late = AbortSignal.timeout(STILL_WITHIN_MS);
  await untilTrue(async () => {
    const before = lengthOf((await logOffsets(brokers, topic)).end);
    await pause(STILL_MS);
    return lengthOf((await logOffsets(brokers, topic)).end) === before;
  }, late);
}

function lengthOf(ends: readonly PartitionOffset[]): number {
  return ends.reduce((sum, { offset }) => sum + Number(offset), 0);
}
