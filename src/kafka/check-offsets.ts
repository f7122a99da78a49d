import type { Admin } from "kafkajs";
import { failpoint } from "../failpoint.ts";
import type { Assignment, PartitionState } from "./assignment.ts";
import type { ConsumerDeps, ConsumerHandlers, ConsumerSettings } from "./consumer-ports.ts";
import { placeOffset } from "./place-offset.ts";

export type CheckDeps = Pick<ConsumerDeps, "offsets"> & {
  readonly admin: Admin;
  readonly settings: ConsumerSettings;
  readonly handlers: ConsumerHandlers;
  readonly seek: (partition: number, offset: bigint) => void;
};

/**
 * Compares what Postgres, Kafka and the log say of the given partitions, raises the alarms, and sets each partition's
 * position, seeking where it moved. Throws when one of them cannot be asked; nothing has moved then.
 */
export async function checkOffsets(
  deps: CheckDeps,
  states: readonly PartitionState[],
  isCurrent: () => boolean,
): Promise<void> {
  if (states.length === 0) return;
  await failpoint("offsets.before_check");
  const { topic, groupId } = deps.settings;
  const positions = new Map(states.map((state) => [state, state.position]));
  const known = await knownOffsets(deps.admin, { topic, groupId }, states);
  const stored = await deps.offsets.load(topic, [...known.keys()]);
  const log = new Map(
    (await deps.admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => [
      partition,
      { low: BigInt(low), high: BigInt(high) },
    ]),
  );
  for (const state of states) {
    const { partition } = state;
    const ends = log.get(partition);
    // A partition that the log does not have is one the next rebalance takes away.
    if (!ends) continue;
    const evidence = {
      stored: stored.get(partition) ?? null,
      known: known.get(partition) ?? null,
      ...ends,
    };
    const { start: placed, kept, alarms } = placeOffset(evidence);
    const start = rereadingAt(state, kept, ends.low) ?? placed;
    // It was delivered from meanwhile: that is newer than what was just read.
    if (!isCurrent() || state.position !== positions.get(state)) continue;
    if (start !== state.position) {
      for (const kind of alarms) {
        await deps.handlers.onAlarm({ kind, topic, partition, ...evidence, resumedAt: start });
      }
    }
    if (!isCurrent()) return;
    state.stored = evidence.stored;
    state.kept = kept;
    state.durable = alarms.length === 0 && kept === null ? evidence.stored : null;
    if (start === state.position) continue;
    state.position = start;
    deps.seek(partition, start);
  }
}

/**
 * Where records before `kept` are being read again by now. A gap in them (an aborted transaction) has the offsets checked,
 * and reading would otherwise begin anew before it, for ever.
 */
function rereadingAt(state: PartitionState, kept: bigint | null, low: bigint): bigint | undefined {
  const { position } = state;
  if (kept === null || kept !== state.kept || position === undefined) return undefined;
  return position >= low ? position : undefined;
}

/** The higher of what Kafka holds and what this process saw become durable. */
async function knownOffsets(
  admin: Admin,
  group: { topic: string; groupId: string },
  states: readonly PartitionState[],
): Promise<Map<number, bigint | null>> {
  const durable = new Map(states.map((state) => [state.partition, state.durable]));
  const [fetched] = await admin.fetchOffsets({ groupId: group.groupId, topics: [group.topic] });
  const committed = new Map(
    fetched?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]),
  );
  return new Map(
    [...durable].map(([partition, ours]) => {
      const theirs = committed.get(partition) ?? -1n;
      return [partition, highest(ours, theirs < 0n ? null : theirs)];
    }),
  );
}

function highest(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}

/** The partitions nothing came from for a while; their stored offset may have moved under us all the same. */
export function idlePartitions(assignment: Assignment, idleMs: number): PartitionState[] {
  const before = performance.now() - idleMs;
  return [...assignment.partitions.values()].filter(
    (state) => !state.isBusy && state.position !== undefined && state.activeAtMs < before,
  );
}
