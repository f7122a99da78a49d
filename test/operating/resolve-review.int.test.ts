import { sql } from "slonik";
import { expect, test } from "vitest";
import { anyRow } from "../../src/database/pool.ts";
import type { ReviewDeps } from "../../src/operating/review-deps.ts";
import { resolveReview, type Decision } from "../../src/operating/resolve-review.ts";
import type { FollowedBlock, FoundPaid, FoundTransaction } from "../../src/payment/pay-once-log.ts";
import { listReviews } from "../../src/queries/list-reviews.ts";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { freshDatabase } from "../support/database.ts";
import { countOf, rowsOf } from "../support/read-rows.ts";
import { addressOf } from "../support/seed.ts";
import {
  createWorld,
  insertPlanned,
  itemsOf,
  readOutbox,
  readPayment,
  setState,
  type SeedPayment,
} from "../settlement/settle-world.ts";
import { tamper } from "../support/tamper.ts";
import { unobserved } from "../support/unobserved.ts";

const operator = { actor: "operator:ada", reason: "the node was away" };
const TX = `0x${"7".repeat(64)}`;

/** A payment in doubt, and an operator at the functions behind CLI and API. */
async function createReview(database: Awaited<ReturnType<typeof freshDatabase>>) {
  const { pool } = database;
  const world = await createWorld(pool);
  const [payment, neighbour] = await insertPlanned(pool, ["doubted", "neighbour"]);
  const doubtReason = "pay_unconfirmed: it was sent.";
  await setState(pool, payment.id, { state: "review", intent: "pay", doubtReason });
  const chain = {
    transaction: { kind: "unknown" } as FoundTransaction,
    paid: undefined as FoundPaid | undefined,
  };
  const rings = { dispatch: 0 };
  const deps: ReviewDeps = {
    settle: world.deps,
    dispatch: {
      database: pool,
      metrics: unobserved,
      wake: { ring: () => void (rings.dispatch += 1) },
    },
    transfers: { receipt: async () => ({ kind: "unknown" }) },
    chain: {
      headNumber: async () => world.chain.cursor().number,
      findPaid: async () => chain.paid,
      findTransaction: async () => chain.transaction,
    },
  };
  const resolve = (decision: Decision, expectedGeneration = 1, on = deps) =>
    resolveReview(on, { paymentId: payment.id, expectedGeneration, ...operator }, decision);
  /** The block was followed, but its logs were lost. */
  const followWithoutLogs = async (block: FollowedBlock) => {
    await settleBlocks(world.deps, [{ ...block, logs: [] }]);
    chain.transaction = { kind: "mined", header: block.header, logs: block.logs };
  };
  return { pool, world, payment, neighbour, chain, deps, rings, resolve, followWithoutLogs };
}

const confirm: Decision = { kind: "confirm_paid", txHash: TX };

test("a transaction that the chain proves completes the payment by the ordinary road, with who and why", async () => {
  await using database = await freshDatabase();
  const { pool, world, payment, neighbour, resolve, followWithoutLogs } =
    await createReview(database);
  world.chain.pay(itemsOf([neighbour, payment]));
  await followWithoutLogs(world.chain.mine());

  const answer = await resolve(confirm);

  expect(answer).toMatchObject({ kind: "done", payment: { state: "completed", generation: 1 } });
  if (answer.kind === "done") expect(answer.checks.every(({ passed }) => passed)).toBe(true);
  expect(await readPayment(pool, neighbour.id)).toMatchObject({ state: "completed" });
  expect((await readOutbox(pool)).map(({ topic }) => topic)).toEqual([
    "payment.completed",
    "payment.completed",
  ]);
  expect(await countOf(pool, "reputation_events")).toBe(2);
  expect((await rowsOf(pool, "audit_log")).at(-1)).toMatchObject({
    actor: "operator:ada",
    action: "payment.confirmed_paid",
    payment_id: payment.id,
    details: {
      reason: operator.reason,
      txHash: TX,
      before: { state: "review", generation: 1, intent: "pay" },
      after: { state: "completed", generation: 1 },
    },
  });
  expect(await resolve(confirm)).toMatchObject({
    kind: "refused",
    problem: { code: "payment_not_in_review", state: "completed" },
  });
  expect(await countOf(pool, "payment_outcomes")).toBe(2);
});

type Lie = (review: Awaited<ReturnType<typeof createReview>>) => Promise<void> | void;

/** A Paid of this payment under other terms than were planned. */
const paidOtherwise =
  (change: Partial<SeedPayment["terms"]>, options: { omitTransfer?: boolean } = {}): Lie =>
  async ({ world, payment, followWithoutLogs }) => {
    const [item] = itemsOf([payment]);
    world.chain.pay([{ ...item, terms: { ...item.terms, ...change } }], options);
    await followWithoutLogs(world.chain.mine());
  };

const lies: readonly (readonly [string, string, Lie])[] = [
  ["a hash that nobody knows", "transaction", () => undefined],
  [
    "a transaction that reverted",
    "transaction",
    ({ chain }) => void (chain.transaction = { kind: "reverted" }),
  ],
  [
    "a transaction about another payment",
    "paid_log",
    async ({ world, neighbour, followWithoutLogs }) => {
      world.chain.pay(itemsOf([neighbour]));
      await followWithoutLogs(world.chain.mine());
    },
  ],
  [
    "a Paid that following has not reached",
    "followed",
    ({ world, payment, chain }) => {
      world.chain.pay(itemsOf([payment]));
      const { header, logs } = world.chain.mine();
      chain.transaction = { kind: "mined", header, logs };
    },
  ],
  ["a Paid to another wallet", "recipient", paidOtherwise({ recipient: addressOf("a thief") })],
  ["a Paid from another wallet", "payer", paidOtherwise({ payer: addressOf("a friend") })],
  ["a Paid of another amount", "amount", paidOtherwise({ amount: 1n })],
  ["a Paid in another token", "token", paidOtherwise({ token: addressOf("EURC") })],
  ["a Paid without its Transfer", "transfer_log", paidOtherwise({}, { omitTransfer: true })],
];

test.each(lies)(
  "%s proves nothing: it is refused with the check, and nothing changes",
  async (_, check, lie) => {
    await using database = await freshDatabase();
    const review = await createReview(database);
    await lie(review);
    const tables = [
      "payments",
      "chain_events",
      "audit_log",
      "outbox",
      "pauses",
      "payment_outcomes",
    ];
    const before = await Promise.all(tables.map((table) => rowsOf(review.pool, table)));

    const answer = await review.resolve(confirm);

    expect(answer).toMatchObject({ kind: "refused", problem: { code: "evidence_rejected" } });
    const checks = answer.kind === "refused" ? answer.problem.checks : [];
    expect(checks.filter(({ passed }) => !passed).map(({ name }) => name)).toContain(check);
    for (const each of checks) {
      expect(each).toEqual({
        name: expect.any(String),
        expected: expect.any(String),
        actual: expect.any(String),
        passed: expect.any(Boolean),
      });
    }
    expect(await Promise.all(tables.map((table) => rowsOf(review.pool, table)))).toEqual(before);
    expect(review.world.alarms).toEqual([]);
  },
);

test("a recheck finds the Paid whose log was lost, and the payment completes", async () => {
  await using database = await freshDatabase();
  const { world, payment, chain, resolve } = await createReview(database);
  world.chain.pay(itemsOf([payment]));
  const block = world.chain.mine();
  await settleBlocks(world.deps, [{ ...block, logs: [] }]);
  const [log] = block.logs;
  if (log?.kind !== "paid") throw new Error("not paid");
  chain.paid = { header: block.header, log };
  expect(await resolve({ kind: "recheck" })).toMatchObject({
    kind: "done",
    payment: { state: "completed" },
    checks: [{ name: "paid_log", passed: true }],
  });
});

test("a recheck that finds nothing leaves the doubt, sends at once what is in doubt, and says who asked", async () => {
  await using database = await freshDatabase();
  const { pool, payment, rings, resolve } = await createReview(database);
  expect(await resolve({ kind: "recheck" })).toMatchObject({
    kind: "done",
    payment: { state: "review", generation: 1 },
    checks: [{ name: "paid_log", actual: "none up to block 100", passed: false }],
  });
  expect(await readPayment(pool, payment.id)).toMatchObject({ intent: "pay", waitMs: 0 });
  expect(rings.dispatch).toBe(1);
  expect(await rowsOf(pool, "audit_log")).toMatchObject([
    { actor: "operator:ada", action: "payment.rechecked", details: { reason: operator.reason } },
  ]);
});

test("a cancel asks for a void and fails nothing by itself; two operators at once are one", async () => {
  await using database = await freshDatabase();
  const { pool, world, deps, payment, resolve } = await createReview(database);
  const rival = {
    ...deps,
    dispatch: { ...deps.dispatch, database: await database.openAnotherPool() },
  };
  const answers = await Promise.all(
    [deps, rival, deps, rival].map((each) => resolve({ kind: "cancel" }, 1, each)),
  );
  for (const answer of answers) {
    expect(answer).toMatchObject({ kind: "done", payment: { state: "review", failure: null } });
  }
  expect(await readPayment(pool, payment.id)).toMatchObject({ state: "review", intent: "void" });
  expect(await rowsOf(pool, "audit_log")).toMatchObject([
    {
      action: "payment.void_requested",
      actor: "operator:ada",
      details: {
        reason: operator.reason,
        before: { state: "review", intent: "pay" },
        after: { state: "review", intent: "void" },
      },
    },
  ]);
  world.chain.void(itemsOf([payment]));
  await settleBlocks(world.deps, [world.chain.mine()]);
  expect(await readPayment(pool, payment.id)).toMatchObject({
    state: "failed",
    failureCode: "cancelled_by_operator",
  });
});

test("what the chain says was paid is not cancelled: a void would only raise the alarm again", async () => {
  await using database = await freshDatabase();
  const { pool, world, payment, resolve } = await createReview(database);
  const [item] = itemsOf([payment]);
  const thief = { ...item.terms, recipient: addressOf("a thief") };
  world.chain.pay([{ ...item, terms: thief }]);
  await settleBlocks(world.deps, [world.chain.mine()]);
  expect(await resolve({ kind: "cancel" })).toMatchObject({
    kind: "refused",
    problem: { code: "task_already_paid" },
  });
  expect(await readPayment(pool, payment.id)).toMatchObject({
    state: "review",
    intent: null,
    doubtReason: "paid_contradicts_terms",
  });
});

test("every decision is refused in another generation than the operator saw, and outside review", async () => {
  await using database = await freshDatabase();
  const { pool, neighbour, deps, resolve } = await createReview(database);
  const decisions: readonly Decision[] = [{ kind: "recheck" }, { kind: "cancel" }, confirm];
  for (const decision of decisions) {
    expect(await resolve(decision, 2)).toMatchObject({
      kind: "refused",
      problem: { code: "generation_mismatch", generation: 1 },
    });
    const unknown = { paymentId: "00000000-0000-4000-8000-000000000000", expectedGeneration: 1 };
    expect(await resolveReview(deps, { ...unknown, ...operator }, decision)).toMatchObject({
      kind: "refused",
      problem: { code: "not_found" },
    });
  }
  const planned = { paymentId: neighbour.id, expectedGeneration: 1, ...operator };
  for (const decision of [{ kind: "recheck" }, confirm] as const) {
    expect(await resolveReview(deps, planned, decision)).toMatchObject({
      kind: "refused",
      problem: { code: "payment_not_in_review", state: "planned" },
    });
  }
  expect(await countOf(pool, "audit_log")).toBe(0);
});

test("the list has the oldest doubt first, what is sent for it, and what to do", async () => {
  await using database = await freshDatabase();
  const { pool, payment, neighbour } = await createReview(database);
  const doubtReason = "paid_contradicts_terms";
  await setState(pool, neighbour.id, { state: "review", doubtReason });
  // Two doubts of one millisecond would be listed by their ids.
  await tamper(
    pool,
    sql.type(
      anyRow,
    )`UPDATE payments SET doubt_since = doubt_since - interval '1 second' WHERE id = ${payment.id}`,
  );
  const first = await listReviews(pool, {}, { limit: 1 });
  expect(first.data).toMatchObject(
    [
      { id: payment.id, intent: "pay", doubtCode: "pay_unconfirmed", advice: /^Ends by itself/ },
    ].map((each) => ({ ...each, advice: expect.stringMatching(each.advice) })),
  );
  const second = await listReviews(pool, {}, { limit: 1, cursor: first.nextCursor ?? "" });
  expect(second).toMatchObject({
    data: [{ id: neighbour.id, intent: null, advice: expect.stringContaining("revoke") }],
    nextCursor: null,
  });
  expect((await listReviews(pool, { code: doubtReason })).data).toHaveLength(1);
  expect((await listReviews(pool, { platformId: "nobody" })).data).toHaveLength(0);
});
