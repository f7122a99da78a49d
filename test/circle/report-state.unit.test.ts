import { expect, test } from "vitest";
import { createPacer } from "../../src/circle/pacer.ts";
import { reportState } from "../../src/circle/report-state.ts";

const state = (name: string, over = {}) => ({ id: "id", state: name, txHash: "", ...over });

test.each(["FAILED", "DENIED", "CANCELLED"])("%s ends a send unpaid", (name) => {
  expect(reportState(state(name, { errorReason: "ESTIMATION_ERROR" }))).toEqual({
    kind: "dead",
    code: `circle_${name.toLowerCase()}`,
    detail: "ESTIMATION_ERROR",
  });
});

test.each([
  "INITIATED",
  "QUEUED",
  "CLEARED",
  "SENT",
  "STUCK",
  "CONFIRMED",
  "COMPLETE",
  "NEVER_SEEN",
])(
  "%s is still in flight: only the chain says paid, and what nobody knows is not a failure",
  (name) => {
    expect(reportState(state(name))).toEqual({
      kind: "accepted",
      circleId: "id",
      circleState: name,
    });
  },
);

test("an empty hash is no hash; a real one is lower-case", () => {
  expect(reportState(state("SENT", { txHash: "0xAB" }))).toMatchObject({ txHash: "0xab" });
  expect(reportState(state("SENT"))).not.toHaveProperty("txHash");
});

test("the pacer never lets more than the limit leave within a second", async () => {
  const pacer = createPacer(50);
  const startedAtMs = performance.now();
  const leftAtMs: number[] = [];
  await Promise.all(
    Array.from({ length: 11 }, async () => {
      await pacer.take(new AbortController().signal);
      leftAtMs.push(performance.now() - startedAtMs);
    }),
  );
  // Eleven requests at 50 per second leave over ten gaps of 20 ms; timers may fire a millisecond early.
  expect(leftAtMs.at(-1)).toBeGreaterThan(190);
});

test("a push-back holds everybody until it is over", async () => {
  let nowMs = 1_000;
  const pacer = createPacer(5, () => nowMs);
  pacer.pushBack(60_000);
  const free = pacer.free(AbortSignal.timeout(20));
  await expect(free).rejects.toThrow("aborted");
  nowMs += 60_000;
  await pacer.free(AbortSignal.timeout(1_000));
});
