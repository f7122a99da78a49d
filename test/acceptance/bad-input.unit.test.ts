import { describe, expect, test } from "vitest";
import { checkSubmission } from "../../src/acceptance/check-submission.ts";
import { decideBatch, type BatchFacts } from "../../src/acceptance/decide-batch.ts";
import type { SubjectFacts } from "../../src/acceptance/read-facts.ts";
import type { AcceptanceSettings } from "../../src/acceptance/acceptance-deps.ts";
import type { TaskCompleted } from "../../src/payment/events.ts";
import { MAX_MICROS } from "../../src/payment/money.ts";
import {
  acceptanceSettings,
  fromHttp,
  fromKafka,
  taskCompleted,
  tokens,
  units,
} from "../support/acceptance.ts";
import { addressOf } from "../support/seed.ts";

const now = new Date("2026-03-01T12:00:01.000Z");

const good: SubjectFacts = {
  platform: { wallet: addressOf("platform-1"), taskSource: "directory", feeRate: null },
  task: {
    workerId: "worker-1",
    amount: units(50),
    currency: "USDC",
    status: "completed",
    createdAt: new Date("2026-02-01T00:00:00.000Z"),
  },
  workerWallet: addressOf("worker-1"),
  paidOnChain: false,
  announced: null,
};
const task = good.task;
const platform = good.platform;

interface World {
  readonly facts?: Partial<SubjectFacts>;
  readonly settings?: Partial<AcceptanceSettings>;
  readonly restoredAt?: Date;
  readonly isRestoring?: boolean;
}

/** Decides one event, and a good neighbour of it after it. */
function decide(event: Partial<TaskCompleted>, world: World = {}) {
  const neighbour = taskCompleted({ taskId: "neighbour" });
  const checked = [taskCompleted(event), neighbour].map((each) => ({
    ...checkSubmission(fromHttp(each)),
    recordedAt: null,
  }));
  const subjects = checked.flatMap((each) => (each.ok ? [each.candidate] : []));
  const facts: BatchFacts = {
    directory: {
      // Far enough behind the restore that not everything needs a void any more.
      now: world.restoredAt ? new Date(world.restoredAt.getTime() + 7 * 86_400_000) : now,
      restoredAt: world.restoredAt ?? null,
      isRestoring: world.isRestoring ?? false,
      of: subjects.map(({ taskId }) =>
        taskId === "neighbour" ? good : { ...good, ...world.facts },
      ),
    },
    known: { events: [], payments: [] },
    recent: { workers: [], platforms: [] },
  };
  const [decision, next] = decideBatch(checked, facts, acceptanceSettings(world.settings));
  const state = world.isRestoring ? "accepted" : "planned";
  expect(next, "the neighbour is paid").toMatchObject({ kind: "new", plan: { state } });
  return decision;
}

/** Every message says what happened; those for a person end in what to do. */
const sentence = expect.stringMatching(/^.{15,}[.]$/);

describe("what no retry mends is a dead letter that names its field", () => {
  const row = (what: string, event: Partial<TaskCompleted>, code: string, field: string) =>
    [what, event, code, field] as const;
  test.each([
    row("a negative amount", { amount: -1n }, "amount_invalid", "amount"),
    row("no amount", { amount: 0n }, "amount_invalid", "amount"),
    row("15 integer digits", { amount: MAX_MICROS + 1n }, "amount_invalid", "amount"),
    row("an empty task id", { taskId: "" }, "id_invalid", "taskId"),
    row("an over-long task id", { taskId: "t".repeat(129) }, "id_invalid", "taskId"),
    row("a control character", { eventId: "a\u0000b" }, "id_invalid", "eventId"),
    row("a new line", { taskId: "task\n" }, "id_invalid", "taskId"),
    row("a missing worker", { workerId: "" }, "id_invalid", "workerId"),
    row("a space in the platform", { platformId: "a b" }, "id_invalid", "platformId"),
    row("letters outside ASCII", { workerId: "wörker" }, "id_invalid", "workerId"),
    row("a bad key", { idempotencyKey: "" }, "id_invalid", "idempotencyKey"),
    row("no currency", { currency: "" }, "currency_invalid", "currency"),
    row("a whole text as currency", { currency: "x".repeat(17) }, "currency_invalid", "currency"),
    row("no time", { occurredAt: new Date(Number.NaN) }, "time_invalid", "occurredAt"),
    row("a time no one can write", { occurredAt: new Date(8.64e15) }, "time_invalid", "occurredAt"),
  ])("%s", (_, event, code, field) => {
    expect(decide(event)).toMatchObject({
      kind: "refused",
      verdict: "dead_letter",
      objection: { code, field, message: sentence },
    });
  });

  test("an unknown platform", () => {
    expect(decide({ platformId: "stranger" }, { facts: { platform: null } })).toMatchObject({
      verdict: "dead_letter",
      objection: { code: "platform_unknown", field: "platformId", message: sentence },
    });
  });

  test("a record that did not decode keeps its decoder's reason", () => {
    const checked = checkSubmission(
      fromKafka({ code: "tombstone", message: "No value." }, { offset: 1n }),
    );
    expect(checked).toMatchObject({ ok: false, objection: { code: "tombstone", field: null } });
  });
});

describe("what can never be paid is payment.failed, at once", () => {
  const row = (what: string, event: Partial<TaskCompleted>, world: World, code: string) =>
    [what, event, world, code] as const;
  const wallet = (workerWallet: string): World => ({ facts: { workerWallet } });
  test.each([
    row("below the limit", { amount: units(1) - 1n }, {}, "amount_out_of_range"),
    row("above the limit", { amount: units(10_000) + 1n }, {}, "amount_out_of_range"),
    row("huge, but an amount", { amount: MAX_MICROS }, {}, "amount_out_of_range"),
    row("an unknown currency", { currency: "DOGE" }, {}, "currency_unsupported"),
    row(
      "a currency switched off",
      { currency: "EURC" },
      { settings: { currencies: ["USDC"] } },
      "currency_unsupported",
    ),
    row(
      "another worker's task",
      {},
      { facts: { task: task && { ...task, workerId: "x" } } },
      "worker_mismatch",
    ),
    row(
      "an unfinished task",
      {},
      { facts: { task: task && { ...task, status: "in_progress" } } },
      "task_not_completed",
    ),
    row(
      "a disputed task",
      {},
      { facts: { task: task && { ...task, status: "disputed" } } },
      "task_not_completed",
    ),
    row(
      "a task paid elsewhere",
      {},
      { facts: { task: task && { ...task, status: "paid" } } },
      "task_already_paid",
    ),
    row("another amount than the task's", { amount: units(51) }, {}, "amount_mismatch"),
    row("another currency than the task's", { currency: "EURC" }, {}, "amount_mismatch"),
    row("the payer's own wallet", {}, wallet(addressOf("platform-1")), "wallet_invalid"),
    row("a token's address", {}, wallet(tokens.EURC), "wallet_invalid"),
    row("PayOnce's address", {}, wallet(addressOf("PayOnce")), "wallet_invalid"),
    row("an operator's address", {}, wallet(addressOf("operator")), "wallet_invalid"),
    row("the zero address", {}, wallet(`0x${"0".repeat(40)}`), "wallet_invalid"),
    row(
      "an unknown task, with no tries left",
      {},
      { facts: { task: null }, settings: { retryDelaysMs: [] } },
      "task_not_found",
    ),
    row(
      "a definite no, though the task may still come",
      { amount: 1n },
      { facts: { task: null } },
      "amount_out_of_range",
    ),
  ])("%s", (_, event, world, code) => {
    expect(decide(event, world)).toMatchObject({
      kind: "new",
      plan: { state: "failed", failure: { code, message: sentence } },
    });
  });

  test("limits include their ends", () => {
    for (const amount of [units(1), units(10_000)]) {
      const facts = { task: task && { ...task, amount } };
      expect(decide({ amount }, { facts })).toMatchObject({ plan: { state: "planned" } });
    }
  });

  test("the limits of a worker count the batch itself", () => {
    const risk = { ...acceptanceSettings().risk, workerDailyAmount: units(120) };
    const checked = ["a", "b", "c"].map((taskId) => ({
      ...checkSubmission(fromHttp(taskCompleted({ taskId }))),
      recordedAt: null,
    }));
    const facts = {
      directory: { now, restoredAt: null, isRestoring: false, of: [good, good, good] },
      known: { events: [], payments: [] },
      recent: { workers: [], platforms: [] },
    };
    const decisions = decideBatch(checked, facts, acceptanceSettings({ risk }));
    expect(decisions).toMatchObject([
      { plan: { state: "planned" } },
      { plan: { state: "planned" } },
      { plan: { state: "failed", failure: { code: "risk_rejected", retryable: true } } },
    ]);
  });
});

describe("what may still turn out well waits", () => {
  test.each([
    ["a task that is not known yet", { task: null }],
    ["a worker or wallet that is not known yet", { workerWallet: null }],
  ])("%s", (_, facts) => {
    expect(decide({}, { facts })).toMatchObject({
      kind: "new",
      plan: { state: "accepted", waitMs: 2_000, adopt: false },
    });
  });
});

describe("a platform whose events are its tasks", () => {
  const eventPlatform = platform && { ...platform, taskSource: "event" as const };
  test.each([
    ["creates a task that is not there", null, "planned", "create"],
    [
      "completes one that is in progress",
      task && { ...task, status: "in_progress" as const },
      "planned",
      "complete",
    ],
    ["leaves a completed one as it is", task, "planned", null],
    [
      "fails against a cancelled one",
      task && { ...task, status: "cancelled" as const },
      "failed",
      null,
    ],
    ["fails against another worker's", task && { ...task, workerId: "x" }, "failed", null],
    [
      "fails against another amount",
      task && { ...task, amount: 1n, status: "created" as const },
      "failed",
      null,
    ],
  ])("%s", (_, found, state, write) => {
    expect(decide({}, { facts: { platform: eventPlatform, task: found } })).toMatchObject({
      plan: { state },
      task: write,
    });
  });
});

describe("after a confirmed restore nothing that is older may fail without a void", () => {
  const restoredAt = new Date("2026-03-02T00:00:00.000Z");

  test("an old event that looks ineligible now is voided first", () => {
    expect(decide({ currency: "DOGE" }, { restoredAt })).toMatchObject({
      plan: {
        state: "voiding",
        failure: { code: "currency_unsupported" },
        terms: { payer: addressOf("platform-1"), net: units(50), fee: 0n },
      },
    });
  });

  test("so is a young event for an old task; what is young altogether fails at once", () => {
    const event = { currency: "DOGE", occurredAt: new Date("2026-03-03T00:00:00.000Z") };
    expect(decide(event, { restoredAt })).toMatchObject({ plan: { state: "voiding" } });
    const facts = { task: task && { ...task, createdAt: event.occurredAt } };
    expect(decide(event, { restoredAt, facts })).toMatchObject({ plan: { state: "failed" } });
  });

  test("what our instance has paid already is adopted, never failed, eligible or not", () => {
    expect(decide({}, { facts: { paidOnChain: true } })).toMatchObject({
      plan: { state: "planned", adopt: true },
    });
    expect(
      decide({ currency: "DOGE" }, { restoredAt, facts: { paidOnChain: true } }),
    ).toMatchObject({ plan: { state: "accepted", adopt: true } });
  });
});

describe("while a restore is open nothing is planned and nothing fails", () => {
  test.each([
    ["eligible", {}, {}],
    ["ineligible", { currency: "DOGE" }, {}],
    ["paid already, on terms that only the operator can judge", {}, { paidOnChain: true }],
  ])("an event that is %s waits for the operator", (_, event, facts) => {
    expect(decide(event, { isRestoring: true, facts })).toMatchObject({
      plan: { state: "accepted", adopt: false },
    });
  });

  test("what our own topics have announced is never planned again, open or not", () => {
    for (const isRestoring of [true, false]) {
      expect(decide({}, { isRestoring, facts: { announced: "failed" } })).toMatchObject({
        plan: { state: "accepted", adopt: true },
      });
    }
  });
});

test("the fee is the platform's, else the tier's, else the default; the worker gets the rest", () => {
  const withRate = platform && { ...platform, feeRate: 100_000n };
  expect(decide({}, { facts: { platform: withRate } })).toMatchObject({
    plan: { terms: { fee: units(5), net: units(45) } },
  });
  expect(decide({})).toMatchObject({ plan: { terms: { fee: 1_250_000n, net: 48_750_000n } } });
});
