import { setImmediate as nextTurn } from "node:timers/promises";
import { pino } from "pino";
import { expect, test } from "vitest";
import { PaymentError } from "../../src/errors.ts";
import { createAcceptBatcher } from "../../src/intake/accept-batcher.ts";
import type { Accept, AcceptInput, AcceptOutcome } from "../../src/payment/submission.ts";
import { fromKafka, taskCompleted, TOPIC } from "../support/acceptance.ts";
import { unobserved } from "../support/unobserved.ts";

const log = pino({ level: "silent" });

/** An accept that a test answers by hand, and that notes what it was given. */
function handAccept() {
  const calls: { input: AcceptInput; answer: (outcome: AcceptOutcome | Error) => void }[] = [];
  let arrived = Promise.withResolvers<void>();
  const accept: Accept = (input) => {
    const { promise, resolve, reject } = Promise.withResolvers<AcceptOutcome>();
    calls.push({
      input,
      answer: (given) => (given instanceof Error ? reject(given) : resolve(given)),
    });
    arrived.resolve();
    return promise;
  };
  return {
    accept,
    calls,
    async next() {
      if (calls.length === 0) await arrived.promise;
      arrived = Promise.withResolvers();
      const call = calls.shift();
      if (!call) throw new Error("no call");
      return call;
    },
  };
}

const durable: AcceptOutcome = { kind: "durable", results: [] };

function delivery(partition: number, from: number, count: number, bytes = 100) {
  return {
    submissions: Array.from({ length: count }, (_, index) => {
      const offset = BigInt(from + index);
      const event = taskCompleted({ taskId: `task-${partition}-${offset}` });
      return { submission: fromKafka(event, { partition, offset }), offset, bytes };
    }),
    move: { topic: TOPIC, partition, expected: BigInt(from), next: BigInt(from + count) },
  };
}

function batcherOver(accept: Accept, signal = new AbortController().signal) {
  return createAcceptBatcher({ accept, log, metrics: unobserved, signal });
}

test("all partitions that wait travel together, and what comes meanwhile goes with the next batch", async () => {
  const hand = handAccept();
  const deliver = batcherOver(hand.accept);
  const first = [deliver(delivery(0, 0, 2)), deliver(delivery(1, 5, 1))];
  const one = await hand.next();
  expect(one.input.submissions).toHaveLength(3);
  expect(one.input.offsets).toEqual([
    { topic: TOPIC, partition: 0, expected: 0n, next: 2n },
    { topic: TOPIC, partition: 1, expected: 5n, next: 6n },
  ]);
  const second = [deliver(delivery(2, 0, 1)), deliver(delivery(3, 0, 1))];
  expect(hand.calls, "one batch in flight").toHaveLength(0);
  one.answer(durable);
  expect(await Promise.all(first)).toEqual([{ kind: "durable" }, { kind: "durable" }]);
  const two = await hand.next();
  expect(two.input.submissions).toHaveLength(2);
  two.answer(durable);
  expect(await Promise.all(second)).toEqual([{ kind: "durable" }, { kind: "durable" }]);
});

test("a large delivery is split at 500 records, each part moving the offset on from the last", async () => {
  const hand = handAccept();
  const deliver = batcherOver(hand.accept);
  const outcome = deliver(delivery(0, 10, 1_100));
  const moves: unknown[] = [];
  for (let part = 0; part < 3; part += 1) {
    const call = await hand.next();
    expect(call.input.submissions.length).toBeLessThanOrEqual(500);
    moves.push(call.input.offsets[0]);
    call.answer(durable);
  }
  expect(moves).toMatchObject([
    { expected: 10n, next: 510n },
    { expected: 510n, next: 1_010n },
    { expected: 1_010n, next: 1_110n },
  ]);
  expect(await outcome).toEqual({ kind: "durable" });
});

test("8 MB bound a batch, but a record that is larger alone still goes", async () => {
  const hand = handAccept();
  const deliver = batcherOver(hand.accept);
  const outcome = deliver(delivery(0, 0, 3, 5_000_000));
  const huge = deliver(delivery(1, 0, 1, 9_000_000));
  const sizes: number[] = [];
  for (let part = 0; part < 4; part += 1) {
    const call = await hand.next();
    sizes.push(call.input.submissions.length);
    call.answer(durable);
  }
  expect(sizes).toEqual([1, 1, 1, 1]);
  expect(await Promise.all([outcome, huge])).toEqual([{ kind: "durable" }, { kind: "durable" }]);
});

test("records that come one by one but often share a batch, the first of them and a backlog wait for nobody", async () => {
  const hand = handAccept();
  const signal = new AbortController().signal;
  const deps = { accept: hand.accept, log, metrics: unobserved, signal };
  const deliver = createAcceptBatcher(deps, { beginEveryMs: 500 });
  const first = deliver(delivery(0, 0, 1));
  (await hand.next()).answer(durable);
  await first;

  const few = [deliver(delivery(0, 1, 1))];
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  few.push(deliver(delivery(1, 0, 1)));
  const shared = await hand.next();
  expect(shared.input.offsets).toHaveLength(2);
  shared.answer(durable);
  await Promise.all(few);

  const beganMs = performance.now();
  const backlog = deliver(delivery(0, 2, 200));
  (await hand.next()).answer(durable);
  await backlog;
  expect(performance.now() - beganMs).toBeLessThan(400);
});

test("a partition whose offset is not as expected drops out alone; the others go on at once", async () => {
  const hand = handAccept();
  const deliver = batcherOver(hand.accept);
  const [lost, kept] = [deliver(delivery(0, 0, 1)), deliver(delivery(1, 0, 1))];
  const one = await hand.next();
  one.answer({ kind: "offset_conflict", partitions: [{ topic: TOPIC, partition: 0, stored: 9n }] });
  expect(await lost).toEqual({ kind: "conflict" });
  const two = await hand.next();
  expect(two.input.offsets).toMatchObject([{ partition: 1 }]);
  two.answer(durable);
  expect(await kept).toEqual({ kind: "durable" });
});

test("after a lost answer the offset that stands where we put it is our own commit", async () => {
  const hand = handAccept();
  const deliver = batcherOver(hand.accept);
  const outcome = deliver(delivery(0, 0, 3));
  const one = await hand.next();
  one.answer(
    new PaymentError("DATABASE_UNAVAILABLE", "reconcile", "the answer to COMMIT was lost"),
  );
  const two = await hand.next();
  expect(two.input).toEqual(one.input);
  two.answer({ kind: "offset_conflict", partitions: [{ topic: TOPIC, partition: 0, stored: 3n }] });
  expect(await outcome).toEqual({ kind: "durable" });
});

test("a stop ends the waiting for a database that is away: the records were not taken", async () => {
  const hand = handAccept();
  const stop = new AbortController();
  const deliver = batcherOver(hand.accept, stop.signal);
  const outcome = deliver(delivery(0, 0, 1));
  const one = await hand.next();
  one.answer(new PaymentError("DATABASE_UNAVAILABLE", "retry", "away"));
  stop.abort();
  await expect(outcome).rejects.toThrow();
});
