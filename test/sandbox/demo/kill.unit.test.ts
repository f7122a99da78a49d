import { expect, test } from "vitest";
import type { OutcomeEvent } from "../../../sandbox/audit/read-events.ts";
import type { StampReader } from "../../../sandbox/audit/read-stamps.ts";
import { createJourneys } from "../../../sandbox/demo/board/journeys.ts";
import { killAndRestart } from "../../../sandbox/demo/kill.ts";
import { createLedger } from "../../../sandbox/traffic/ledger.ts";
import { outcome, task, transfer } from "./traffic-seen.ts";

/** Stands for the database of a service that stored these sends unanswered, and had those answered after it was back. */
function storedSends(unanswered: Readonly<Record<number, string>>, answered: string[]) {
  const sends = Object.entries(unanswered).map(([n, sendId]) => ({
    sendId,
    platformId: "platform-1",
    taskId: `task-${n}`,
  }));
  return {
    unanswered: async () => sends,
    answeredSince: async () => new Set(answered),
  } as unknown as StampReader;
}

test("after a kill each payment is counted once: paid already, sent again, or gone on", async () => {
  const journeys = createJourneys(() => undefined);
  const ledger = createLedger((published) => journeys.publish(published));
  const outcomes: OutcomeEvent[] = [];
  const end = (n: number, arrivedAtMs: number) => {
    const event = outcome(n, arrivedAtMs);
    outcomes.push(event);
    journeys.end(event);
  };
  const start = Date.now() - 500;
  for (const n of [1, 2, 3, 4, 5]) ledger.record(task(n, start));
  end(1, start + 400);
  const report = await killAndRestart({
    tasks: ledger.tasks,
    outcomes,
    journeys,
    // 2 was paid and not sent again, 3 was paid and sent again all the same, 4 was only sent again.
    stamps: storedSends({ 2: "send-a", 3: "send-b", 4: "send-b" }, ["send-b"]),
    kill: async () => {
      journeys.transfer(transfer(2), Date.now());
      journeys.transfer(transfer(3), Date.now());
      ledger.record(task(6, Date.now() + 1));
    },
    restart: async () => undefined,
    onBack: ({ caught, alreadyPaid }) => {
      expect([...caught].toSorted()).toEqual([2, 3, 4, 5, 6].map((n) => `platform-1/task-${n}`));
      expect(alreadyPaid).toBe(2);
      for (const n of [2, 3, 4, 5]) end(n, Date.now());
      end(6, Date.now() + 5_000);
    },
  });
  expect(report).toMatchObject({ alreadyPaid: 2, notSentAgain: 1, sentAgain: 2, wentOn: 2 });
  expect(report.firstNewPaymentMs).toBeGreaterThan(5_000);
});
