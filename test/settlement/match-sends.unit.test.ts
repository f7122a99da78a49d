import { describe, expect, test } from "vitest";
import { paymentIdOf, refOf } from "../../src/payment/ids.ts";
import type { PayOnceLog } from "../../src/payment/pay-once-log.ts";
import { matchSends, type CarriedSend } from "../../src/settlement/match-sends.ts";

const idOf = (task: string) => paymentIdOf("acme", task);

function send(
  id: string,
  tasks: readonly string[],
  changes: Partial<CarriedSend> = {},
): CarriedSend {
  return {
    id,
    rail: "circle",
    kind: "pay",
    isOpen: true,
    operator: "0xop",
    itemCount: tasks.length,
    circleId: null,
    hashes: [],
    items: tasks.map((task, position) => ({ position, paymentId: idOf(task), generation: 1 })),
    ...changes,
  };
}

function refusedLogs(txHash: string, tasks: readonly string[], generation = 1n): PayOnceLog[] {
  return tasks.map((task, logIndex) => ({
    kind: "refused",
    txHash,
    logIndex,
    ref: refOf(idOf(task)),
    generation,
    reason: { text: "odd", raw: "0x" },
  }));
}

const matched = (logs: readonly PayOnceLog[], sends: readonly CarriedSend[]) =>
  [
    ...matchSends(
      Map.groupBy(logs, ({ txHash }) => txHash),
      sends,
    ),
  ].map(([hash, { id }]) => [hash, id]);

describe("which send a mined transaction is", () => {
  test("the one that is stored with its hash, before any that merely looks like it", () => {
    const known = send("known", ["a"], { rail: "arc", hashes: ["0x1", "0x2"] });
    expect(matched(refusedLogs("0x2", ["a"]), [send("other", ["a"]), known])).toEqual([
      ["0x2", "known"],
    ]);
  });

  test("without a hash, the oldest open circle send with exactly these items, each send once", () => {
    const sends = [
      send("closed", ["a", "b"], { isOpen: false }),
      send("first", ["a", "b"]),
      send("second", ["a", "b"], { hashes: ["0xold"] }),
    ];
    const logs = [...refusedLogs("0x1", ["a", "b"]), ...refusedLogs("0x2", ["a", "b"])];
    expect(matched(logs, sends)).toEqual([
      ["0x1", "first"],
      ["0x2", "second"],
    ]);
  });

  test.each<[string, PayOnceLog[], CarriedSend]>([
    [
      "an arc send, whose hashes are all stored",
      refusedLogs("0x1", ["a"]),
      send("s", ["a"], { rail: "arc" }),
    ],
    ["items in another order", refusedLogs("0x1", ["b", "a"]), send("s", ["a", "b"])],
    ["fewer logs than items", refusedLogs("0x1", ["a"]), send("s", ["a", "b"])],
    ["another generation", refusedLogs("0x1", ["a"], 2n), send("s", ["a"])],
    ["a void, for logs of a pay", refusedLogs("0x1", ["a"]), send("s", ["a"], { kind: "void" })],
  ])("never %s", (_, logs, candidate) => {
    expect(matched(logs, [candidate])).toEqual([]);
  });
});
