import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findRepeat, type KnownPayment } from "../../src/acceptance/find-repeat.ts";
import { startMemory } from "../../src/acceptance/remember.ts";
import { checkSubmission, type Candidate } from "../../src/acceptance/check-submission.ts";
import type { TaskCompleted } from "../../src/payment/events.ts";
import { fromHttp, taskCompleted, units } from "../support/acceptance.ts";

function candidateOf(event: Partial<TaskCompleted>): Candidate {
  const checked = checkSubmission(fromHttp(taskCompleted(event)));
  if (!checked.ok) throw new Error(checked.objection.message);
  return checked.candidate;
}

function paymentOf(candidate: Candidate): KnownPayment {
  const { eventId: _, occurredAt: __, ...identity } = candidate;
  return { ...identity, generation: 1, state: "planned", failure: null };
}

/** Judges an event after another one was accepted. */
function after(first: Partial<TaskCompleted>, second: Partial<TaskCompleted>) {
  const memory = startMemory({ events: [], payments: [] });
  const candidate = candidateOf(first);
  memory.remember(candidate, paymentOf(candidate));
  return findRepeat(candidateOf(second), memory);
}

test("the very same event is a duplicate whose id is kept already; occurredAt does not matter", () => {
  const later = { occurredAt: new Date("2027-01-01T00:00:00.000Z") };
  expect(after({}, later)).toMatchObject({ kind: "duplicate", eventKnown: true });
});

test("another event of the same task with the same terms is a duplicate whose id is new", () => {
  expect(after({}, { eventId: "other" })).toMatchObject({ kind: "duplicate", eventKnown: false });
});

test("another task of the same platform is no repeat, nor is the same task elsewhere", () => {
  expect(after({}, { taskId: "task-2" })).toEqual({ kind: "first" });
  expect(after({}, { platformId: "platform-2" })).toEqual({ kind: "first" });
});

describe("other terms are a conflict that names the field", () => {
  const key = { idempotencyKey: "key-1" };
  test.each([
    [
      "the event id again, for another task",
      {},
      { eventId: "event-of-task-1", taskId: "task-2" },
      "event_id_conflict",
      "taskId",
    ],
    [
      "the event id again, with another amount",
      {},
      { amount: units(51) },
      "event_id_conflict",
      "amount",
    ],
    [
      "the task again, for another worker, same key",
      key,
      { ...key, eventId: "e2", workerId: "w2" },
      "idempotency_key_conflict",
      "workerId",
    ],
    [
      "the task again, with another amount",
      {},
      { eventId: "e2", amount: units(51) },
      "idempotency_key_conflict",
      "amount",
    ],
    [
      "the task again, in another currency",
      {},
      { eventId: "e2", currency: "EURC" },
      "idempotency_key_conflict",
      "currency",
    ],
    [
      "the task again, under a fresh key",
      {},
      { eventId: "e2", idempotencyKey: "fresh" },
      "task_has_payment",
      "idempotencyKey",
    ],
    [
      "the key again, for another task",
      key,
      { ...key, eventId: "e2", taskId: "task-2" },
      "idempotency_key_conflict",
      "taskId",
    ],
  ])("%s", (...[, first, second, code, field]) => {
    expect(after(first, second)).toMatchObject({ kind: "conflict", objection: { code, field } });
  });
});

test("an event that was accepted stays a duplicate after its payment got other terms", () => {
  const memory = startMemory({ events: [], payments: [] });
  const candidate = candidateOf({});
  memory.remember(candidate, { ...paymentOf(candidate), amount: units(51), generation: 2 });
  expect(findRepeat(candidate, memory)).toMatchObject({ kind: "duplicate", eventKnown: true });
});

const word = fc.constantFrom("a", "b");
const events = fc.record({
  eventId: word,
  taskId: word,
  workerId: word,
  amount: fc.constantFrom(units(1), units(2)),
  idempotencyKey: fc.constantFrom(null, "k1", "k2"),
});

test("whatever comes in whatever order: one payment per task and per key, one meaning per event id", () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 12 }), (sequence) => {
      const memory = startMemory({ events: [], payments: [] });
      const payments: KnownPayment[] = [];
      for (const event of sequence) {
        const candidate = candidateOf(event);
        const repeat = findRepeat(candidate, memory);
        if (repeat.kind === "conflict") continue;
        const payment = repeat.kind === "first" ? paymentOf(candidate) : repeat.payment;
        if (repeat.kind === "first") payments.push(payment);
        else expect(payments).toContain(payment);
        memory.remember(candidate, payment);
      }
      expect(new Set(payments.map(({ taskId }) => taskId)).size).toBe(payments.length);
      expect(new Set(payments.map((each) => each.idempotencyKey)).size).toBe(payments.length);
    }),
  );
});
