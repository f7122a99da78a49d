import { expect, test } from "vitest";
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

test("an operator without gas costs no payment a try: the send gets a new key", () => {
  const failed = state("FAILED", { errorReason: "INSUFFICIENT_NATIVE_TOKEN" });
  expect(reportState(failed)).toMatchObject({ kind: "refused", code: "operator_out_of_gas" });
});
