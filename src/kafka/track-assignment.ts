import type { Admin, Consumer } from "kafkajs";
import { createAssignment } from "./assignment.ts";
import type { Assignment, PartitionState } from "./assignment.ts";
import { checkOffsets } from "./check-offsets.ts";
import type { ConsumerDeps, ConsumerHandlers, ConsumerSettings } from "./consumer-ports.ts";
import { untilAvailable } from "./until-available.ts";

/** The partitions that the group gives this consumer, each checked before anything of it is delivered. */
export interface AssignmentTracker {
  /** Undefined while the group is rebalancing. */
  readonly current: () => Assignment | undefined;
  readonly isCurrent: (assignment: Assignment) => boolean;
  readonly seek: (partition: number, offset: bigint) => void;
  /** `checkOffsets`, repeated while Postgres or Kafka is away and the assignment is current. */
  readonly check: (assignment: Assignment, states: readonly PartitionState[]) => Promise<void>;
  /** Nothing is assigned any more, whatever kafkajs still does. */
  readonly clear: () => void;
}

export function trackAssignment(
  { log, offsets }: ConsumerDeps,
  { consumer, admin }: { consumer: Consumer; admin: Admin },
  { settings, handlers }: { settings: ConsumerSettings; handlers: ConsumerHandlers },
  signal: AbortSignal,
): AssignmentTracker {
  const { topic } = settings;
  let current: Assignment | undefined;
  const clear = () => {
    current = undefined;
  };

  consumer.on(consumer.events.REBALANCING, clear);
  consumer.on(consumer.events.CRASH, clear);
  // The event comes before the first fetch: from here on nothing is delivered unchecked.
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const joined = createAssignment(payload.memberAssignment[topic] ?? []);
    current = joined;
    joined.checked = check(joined, [...joined.partitions.values()]);
    // Whoever delivers awaits it; with nobody to deliver, a check that was cut short is nobody's concern.
    joined.checked.catch(() => undefined);
  });
  return { current: () => current, isCurrent, seek, check, clear };

  function isCurrent(assignment: Assignment): boolean {
    return current === assignment;
  }

  function seek(partition: number, offset: bigint): void {
    consumer.seek({ topic, partition, offset: offset.toString() });
  }

  function check(assignment: Assignment, states: readonly PartitionState[]): Promise<void> {
    const deps = { admin, offsets, settings, handlers, seek };
    return untilAvailable(
      { log, signal },
      {
        part: "Postgres or Kafka, to compare offsets,",
        attempt: () => checkOffsets(deps, states, () => isCurrent(assignment)),
        isAway: () => isCurrent(assignment),
      },
    );
  }
}
