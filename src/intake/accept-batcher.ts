import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { outlastOutage } from "../database/outlast-outage.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import type { Accept, OffsetMove, Submission } from "../payment/submission.ts";

/** More gains nothing per record and makes whoever waits behind the batch wait longer. */
const BATCH_RECORDS_MAX = 500;
/**
 * A commit costs some ten round trips to Postgres, however few records it carries: at 200/s this makes fifty of them a
 * second where it would be seventy or more, and a record waits half of it in the mean. One that comes alone never waits.
 */
const BEGIN_EVERY_MS = 20;
/** With so many waiting a commit is worth its price. */
const ENOUGH_RECORDS = 50;
/** A record is at most a few MB; one that is larger still goes alone. */
const BATCH_BYTES_MAX = 8_000_000;

export interface AcceptBatcherDeps {
  readonly accept: Accept;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "consumed">;
  readonly signal: AbortSignal;
}

/** Consecutive submissions of one partition, and the offset that they move. */
export interface Delivery {
  readonly submissions: readonly SizedSubmission[];
  readonly move: OffsetMove;
}

export interface SizedSubmission {
  readonly submission: Submission;
  readonly offset: bigint;
  readonly bytes: number;
}

/** Conflict: the stored offset is not what was expected; what was not kept is to be read again from the stored one. */
export type DeliveryOutcome = { readonly kind: "durable" } | { readonly kind: "conflict" };

interface Waiting {
  readonly delivery: Delivery;
  /** How many of its submissions are durable. */
  done: number;
  /** As the last part of it left the partition's offset. */
  stored: bigint | null;
  readonly outcome: PromiseWithResolvers<DeliveryOutcome>;
}

/** The part of a delivery that travels in a batch. */
interface Part {
  readonly waiting: Waiting;
  readonly submissions: readonly Submission[];
  readonly move: OffsetMove;
}

/**
 * One batcher for all partitions: one batch in flight, and when it is free it takes everything that has piled up,
 * within bounds. Under load the batches grow by themselves; where records come one by one but often, they share.
 */
export function createAcceptBatcher(
  deps: AcceptBatcherDeps,
  { beginEveryMs = BEGIN_EVERY_MS }: { readonly beginEveryMs?: number } = {},
): (delivery: Delivery) => Promise<DeliveryOutcome> {
  const queue: Waiting[] = [];
  let running: Promise<void> | undefined;
  const begin = createRhythm(beginEveryMs, deps.signal);

  return (delivery) => {
    const outcome = Promise.withResolvers<DeliveryOutcome>();
    queue.push({ delivery, done: 0, stored: delivery.move.expected, outcome });
    running ??= drain();
    return outcome.promise;
  };

  async function drain(): Promise<void> {
    // Lets the other partitions of the same fetch come along.
    await nextTurn();
    try {
      while (queue.length > 0) {
        await begin(queue.reduce((sum, { delivery }) => sum + delivery.submissions.length, 0));
        await acceptParts(takeParts(queue));
      }
    } catch (error) {
      for (const waiting of queue.splice(0)) waiting.outcome.reject(error);
    }
    running = undefined;
  }

  async function acceptParts(parts: readonly Part[]): Promise<void> {
    const input = {
      submissions: parts.flatMap(({ submissions }) => submissions),
      offsets: parts.map(({ move }) => move),
    };
    const answer = await outlastOutage(deps, () => deps.accept(input), deps.signal);
    if (answer.kind === "durable") {
      for (const { waiting, submissions, move } of parts) advance(waiting, submissions, move.next);
      return;
    }
    // Only these partitions drop out; the next round takes the others again.
    for (const { topic, partition, stored } of answer.partitions) {
      const part = parts.find(({ move }) => move.topic === topic && move.partition === partition);
      if (!part) continue;
      // Our own commit whose answer was lost, or another instance that did the same work.
      if (stored === part.move.next) advance(part.waiting, part.submissions, stored);
      else settle(part.waiting, { kind: "conflict" });
    }
  }

  function advance(waiting: Waiting, submissions: readonly Submission[], stored: bigint): void {
    deps.metrics.consumed.add({}, submissions.length);
    waiting.done += submissions.length;
    waiting.stored = stored;
    if (waiting.done === waiting.delivery.submissions.length) settle(waiting, { kind: "durable" });
  }

  function settle(waiting: Waiting, outcome: DeliveryOutcome): void {
    queue.splice(queue.indexOf(waiting), 1);
    waiting.outcome.resolve(outcome);
  }
}

/** Resolves when the next batch may begin: at once with enough waiting, else so long after the one before. */
function createRhythm(everyMs: number, signal: AbortSignal): (records: number) => Promise<void> {
  let nextAtMs = 0;
  return async (records) => {
    const waitMs = nextAtMs - performance.now();
    if (waitMs > 0 && records < ENOUGH_RECORDS) {
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
    nextAtMs = performance.now() + everyMs;
  };
}

/** In order of arrival, at least one submission, and never two parts of the same partition. */
function takeParts(queue: readonly Waiting[]): Part[] {
  const parts: Part[] = [];
  const partitions = new Set<string>();
  let records = 0;
  let bytes = 0;
  for (const waiting of queue) {
    const { move, submissions } = waiting.delivery;
    const place = `${move.partition} ${move.topic}`;
    if (partitions.has(place)) continue;
    let end = waiting.done;
    for (const next of submissions.slice(waiting.done)) {
      const full = records === BATCH_RECORDS_MAX || bytes + next.bytes > BATCH_BYTES_MAX;
      if (full && records > 0) break;
      records += 1;
      bytes += next.bytes;
      end += 1;
    }
    if (end === waiting.done && submissions.length > 0) break;
    partitions.add(place);
    const next = submissions[end]?.offset ?? move.next;
    parts.push({
      waiting,
      submissions: submissions.slice(waiting.done, end).map(({ submission }) => submission),
      move: { ...move, expected: waiting.stored, next },
    });
  }
  return parts;
}
