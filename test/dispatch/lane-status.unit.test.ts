import { expect, test } from "vitest";
import { restAfter, type LaneStatus } from "../../src/dispatch/lane-status.ts";
import { scriptedLane } from "./scripted-lane.ts";

function statusWith(...open: number[]): LaneStatus {
  return {
    open: new Set(),
    abandoned: [],
    openPerOperator: new Map(open.map((count, i) => [`operator ${i}`, count])),
    itemsInFlight: 0,
    paused: new Set(),
  };
}

test("a lane rests after a send in proportion to the room that its freest wallet has used", () => {
  const lane = { ...scriptedLane({ maxInFlight: 10 }), restMs: 100 };
  expect(restAfter(lane, statusWith(0))).toBe(0);
  expect(restAfter(lane, statusWith(5))).toBe(50);
  expect(restAfter(lane, statusWith(9, 2))).toBe(20);
});

test("a lane that paces itself, or sends from whatever wallet, never rests", () => {
  expect(restAfter(scriptedLane(), statusWith(9))).toBe(0);
  expect(restAfter(scriptedLane({ operators: [], method: "transfer" }), statusWith())).toBe(0);
});
