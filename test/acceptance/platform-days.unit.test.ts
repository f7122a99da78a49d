import * as fc from "fast-check";
import { expect, test } from "vitest";
import { checkSubmission } from "../../src/acceptance/check-submission.ts";
import { decideBatch } from "../../src/acceptance/decide-batch.ts";
import { addPlanned, dailyAmountOf, type PlatformDay } from "../../src/acceptance/platform-days.ts";
import { CURRENCIES, type Currency } from "../../src/payment/currency.ts";
import { acceptanceSettings, fromHttp, taskCompleted, units } from "../support/acceptance.ts";
import { addressOf } from "../support/seed.ts";

const CAP = units(100);
const usdc = { platformId: "acme", currency: "USDC" } as const;
const HOUR_MS = 3_600_000;
const platforms = ["acme", "bolt"];
const settings = acceptanceSettings({
  risk: { ...acceptanceSettings().risk, platformDailyAmount: CAP },
});

interface Asked {
  readonly platformId: string;
  readonly currency: Currency;
  readonly amount: bigint;
}

/** Decides a batch as one commit does: what was planned, and what failed with which message. */
function decide(days: readonly PlatformDay[], now: Date, asked: readonly Asked[], from = 0) {
  const checked = asked.map((each, index) => ({
    ...checkSubmission(fromHttp(taskCompleted({ ...each, taskId: `task-${from + index}` }))),
    recordedAt: null,
  }));
  const of = asked.map(({ platformId }) => ({
    platform: { wallet: addressOf(platformId), taskSource: "event" as const, feeRate: null },
    task: null,
    workerWallet: addressOf("worker-1"),
    paidOnChain: false,
    announced: null,
  }));
  const facts = {
    directory: { now, restoredAt: null, isRestoring: false, of },
    known: { events: [], payments: [] },
    recent: { workers: [], platforms: days },
  };
  const plans = decideBatch(checked, facts, settings).flatMap((decision) =>
    decision.kind === "new" ? [decision] : [],
  );
  expect(plans).toHaveLength(asked.length);
  const planned = plans.flatMap(({ plan, candidate }) =>
    plan.state === "planned" ? [candidate] : [],
  );
  const changed = addPlanned(days, now, planned);
  const after = days.map((day) => changed.find((each) => isSame(each, day)) ?? day);
  return { plans, after };
}

type Place = Pick<PlatformDay, "platformId" | "currency">;

function isSame(one: Place, other: Place): boolean {
  return one.platformId === other.platformId && one.currency === other.currency;
}

const emptyDays: readonly PlatformDay[] = platforms.flatMap((platformId) =>
  CURRENCIES.map((currency) => ({ platformId, currency, hours: {} })),
);

const batches = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 * HOUR_MS })),
    asked: fc.array(
      fc.record({
        platformId: fc.constantFrom(...platforms),
        currency: fc.constantFrom(...CURRENCIES),
        amount: fc.bigInt({ min: units(1), max: units(120) }),
      }),
      { maxLength: 8 },
    ),
  }),
  { maxLength: 25 },
);

test("in whatever order payments come, no 24 hours ever have more planned than the cap, and nothing is refused that 25 hours have room for", () => {
  fc.assert(
    fc.property(batches, (all) => {
      let days = emptyDays;
      let at = Date.parse("2026-03-01T12:34:56.789Z");
      const planned: (Asked & { at: number })[] = [];
      const plannedSince = (asked: Asked, since: number) =>
        planned
          .filter((each) => isSame(asked, each) && each.at > since)
          .reduce((sum, each) => sum + each.amount, 0n);
      for (const { waitMs, asked } of all) {
        at += waitMs;
        const { plans, after } = decide(days, new Date(at), asked, planned.length);
        days = after;
        for (const [index, { plan }] of plans.entries()) {
          const each = asked[index];
          if (!each) throw new Error("one plan for each");
          if (plan.state === "planned") {
            planned.push({ ...each, at });
            expect(plannedSince(each, at - 24 * HOUR_MS)).toBeLessThanOrEqual(CAP);
          } else {
            expect(plannedSince(each, at - 25 * HOUR_MS) + each.amount).toBeGreaterThan(CAP);
          }
        }
        // The hour that has begun, the 23 before it, and the one that is partly older than a day.
        for (const day of days) expect(Object.keys(day.hours).length).toBeLessThanOrEqual(25);
      }
    }),
  );
});

test("a payment beyond the cap fails for later, says that it is the platform's, and leaves room for a smaller one", () => {
  const now = new Date("2026-03-01T12:30:00.000Z");
  const { plans, after } = decide(emptyDays, now, [
    { ...usdc, amount: units(60) },
    { ...usdc, amount: units(50) },
    { ...usdc, amount: units(40) },
    { ...usdc, currency: "EURC", amount: units(100) },
    { ...usdc, platformId: "bolt", amount: units(100) },
  ]);
  expect(plans.map(({ plan }) => plan)).toMatchObject([
    { state: "planned" },
    {
      state: "failed",
      failure: {
        code: "risk_rejected",
        message: "The platform's amount per day is used up; look at it, then retry.",
        retryable: true,
      },
    },
    { state: "planned" },
    { state: "planned" },
    { state: "planned" },
  ]);
  expect(after.find((day) => isSame(usdc, day))?.hours).toEqual({ "2026-03-01T12": CAP });
});

test("an hour counts until every minute of it is a day old", () => {
  const day = { ...usdc, hours: { "2026-03-01T12": units(70), "2026-03-01T13": units(30) } };
  const amountAt = (time: string) => dailyAmountOf(day, new Date(time));
  expect(amountAt("2026-03-02T12:59:59.999Z")).toBe(units(100));
  expect(amountAt("2026-03-02T13:00:00.000Z")).toBe(units(30));
  expect(amountAt("2026-03-02T14:00:00.000Z")).toBe(0n);
});
