import { describe, expect, test } from "vitest";
import { createForming } from "../../src/dispatch/forming.ts";

const never = new AbortController().signal;

describe("forming", () => {
  test("is done by one lane at a time, and a rest holds all of them back", async () => {
    const forming = createForming();
    const events: string[] = [];
    const restMs = 100;
    let restedFromMs = 0;
    const first = forming.inTurn(async () => {
      events.push("first begins");
      await Promise.resolve();
      forming.rest(restMs);
      restedFromMs = performance.now();
      events.push("first ends");
    }, never);
    const second = forming.inTurn(async () => performance.now(), never);
    await first;
    events.push("first is over");
    expect((await second) - restedFromMs).toBeGreaterThan(restMs / 2);
    expect(events).toEqual(["first begins", "first ends", "first is over"]);
  });

  test("does not rest on when the lane is to end", async () => {
    const forming = createForming();
    forming.rest(3_600_000);
    const ending = new AbortController();
    const formed = forming.inTurn(async () => "formed", ending.signal);
    ending.abort();
    expect(await formed).toBe("formed");
  });
});
