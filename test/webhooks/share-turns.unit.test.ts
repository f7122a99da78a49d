import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  shareTurns,
  TURN_LIMITS,
  type DueReceiver,
  type Receiver,
} from "../../src/webhooks/share-turns.ts";

const endpoints = fc.uniqueArray(
  fc.record({
    endpointId: fc.integer({ min: 0, max: 400 }).map((n) => `e${n}`),
    platformId: fc.integer({ min: 0, max: 40 }).map((n) => `p${n}`),
    isFailing: fc.boolean(),
    due: fc.integer({ min: 1, max: 40 }),
  }),
  { maxLength: 300, selector: ({ endpointId }) => endpointId },
);

function counted(receivers: readonly Receiver[], by: (receiver: Receiver) => string) {
  return Math.max(0, ...[...Map.groupBy(receivers, by).values()].map(({ length }) => length));
}

/** As many of each as it has turns. */
function begun(due: readonly DueReceiver[], turns: ReadonlyMap<string, number>): Receiver[] {
  return due.flatMap((each) => Array.from({ length: turns.get(each.endpointId) ?? 0 }, () => each));
}

test("no bound is passed, however the turns before were shared", () => {
  fc.assert(
    fc.property(endpoints, endpoints, (earlier, due) => {
      const busy = begun(earlier, shareTurns(earlier, []));
      const now = begun(due, shareTurns(due, busy));
      const all = [...busy, ...now];
      expect(all.length).toBeLessThanOrEqual(TURN_LIMITS.total);
      expect(all.filter(({ isFailing }) => isFailing).length).toBeLessThanOrEqual(
        TURN_LIMITS.failing,
      );
      expect(counted(all, ({ platformId }) => platformId)).toBeLessThanOrEqual(
        TURN_LIMITS.platform,
      );
      expect(counted(now, ({ endpointId }) => endpointId)).toBeLessThanOrEqual(
        TURN_LIMITS.endpoint,
      );
      for (const each of due) {
        expect(turnsOf(now, each)).toBeLessThanOrEqual(each.due);
        if (each.isFailing) expect(turnsOf(now, each)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

function turnsOf(now: readonly Receiver[], { endpointId }: Receiver): number {
  return now.filter((each) => each.endpointId === endpointId).length;
}

test("a platform with every endpoint dead or slow leaves all others their turns", () => {
  const hog = Array.from({ length: 16 }, (_, n) => ({
    endpointId: `hog${n}`,
    platformId: "hog",
    isFailing: n % 2 === 0,
    due: 1_000,
  }));
  const others = Array.from({ length: 30 }, (_, n) => ({
    endpointId: `e${n}`,
    platformId: `p${n}`,
    isFailing: false,
    due: 4,
  }));
  const busy = begun(hog, shareTurns(hog, []));
  expect(busy).toHaveLength(TURN_LIMITS.platform);
  const turns = shareTurns([...hog, ...others], busy);
  expect([...turns.keys()].filter((id) => id.startsWith("hog"))).toEqual([]);
  expect(others.every(({ endpointId }) => turns.get(endpointId) === 4)).toBe(true);
});

test("receivers that fail cannot take the room of those that answer", () => {
  const dead = Array.from({ length: 500 }, (_, n) => ({
    endpointId: `d${n}`,
    platformId: `dead${n}`,
    isFailing: true,
    due: 99,
  }));
  const well = { endpointId: "w", platformId: "well", isFailing: false, due: 99 };
  const busy = begun(dead, shareTurns(dead, []));
  expect(busy).toHaveLength(TURN_LIMITS.failing);
  expect(shareTurns([...dead, well], busy).get("w")).toBe(TURN_LIMITS.endpoint);
});

test("where there is not room for all, everybody in the order given has one before anybody has two", () => {
  const many = Array.from({ length: 400 }, (_, n) => ({
    endpointId: `e${n}`,
    platformId: `p${n}`,
    isFailing: false,
    due: 4,
  }));
  const turns = shareTurns(many, []);
  expect([...turns]).toEqual(
    many.slice(0, TURN_LIMITS.total).map(({ endpointId }) => [endpointId, 1]),
  );
});
