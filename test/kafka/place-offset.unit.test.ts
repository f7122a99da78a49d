import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeOffset } from "../../src/kafka/place-offset.ts";

describe("where a partition is read on", () => {
  it.each([
    ["the first start", { stored: null, known: null, low: 0n, high: 9n }, 0n, []],
    [
      "a first start on a log that has lost its head",
      { stored: null, known: null, low: 4n, high: 9n },
      4n,
      [],
    ],
    ["an ordinary restart", { stored: 5n, known: 5n, low: 0n, high: 9n }, 5n, []],
    ["Kafka's commit lagging", { stored: 5n, known: 3n, low: 0n, high: 9n }, 5n, []],
    [
      "Kafka's commit gone, as with a topic that was made anew and has outgrown the old one",
      { stored: 5n, known: null, low: 0n, high: 9n },
      0n,
      [],
    ],
    ["the same, its log cut", { stored: 5n, known: null, low: 2n, high: 9n }, 2n, []],
    [
      "the same, records lost to retention",
      { stored: 3n, known: null, low: 5n, high: 9n },
      5n,
      ["records_lost"],
    ],
    ["everything read", { stored: 9n, known: 9n, low: 0n, high: 9n }, 9n, []],
    ["a restored backup", { stored: 3n, known: 5n, low: 0n, high: 9n }, 3n, ["restored"]],
    [
      "an empty database under an old group",
      { stored: null, known: 5n, low: 0n, high: 9n },
      0n,
      ["restored"],
    ],
    ["that, its log cut", { stored: null, known: 5n, low: 2n, high: 9n }, 2n, ["restored"]],
    ["a topic made anew", { stored: 5n, known: null, low: 0n, high: 2n }, 0n, ["topic_recreated"]],
    [
      "records lost to retention",
      { stored: 3n, known: 3n, low: 5n, high: 9n },
      5n,
      ["records_lost"],
    ],
    [
      "the same, Kafka's commit already reset",
      { stored: 3n, known: 5n, low: 5n, high: 9n },
      5n,
      ["records_lost"],
    ],
    [
      "a backup older than retention",
      { stored: 3n, known: 7n, low: 5n, high: 9n },
      5n,
      ["restored", "records_lost"],
    ],
  ] as const)("%s", (_name, evidence, start, alarms) => {
    const kept = alarms.length === 0 && evidence.stored !== null && evidence.stored > start;
    expect(placeOffset(evidence)).toEqual({ start, kept: kept ? evidence.stored : null, alarms });
  });

  const offset = fc.bigInt({ min: 0n, max: 40n });
  const evidence = fc
    .record({ stored: fc.option(offset), known: fc.option(offset), low: offset, length: offset })
    .map(({ length, ...rest }) => ({ ...rest, high: rest.low + length }));

  it("is always within the log, and never past what Postgres holds without an alarm", () => {
    fc.assert(
      fc.property(evidence, (found) => {
        const { start, kept, alarms } = placeOffset(found);
        expect(start >= found.low && start <= found.high).toBe(true);
        const held = found.stored ?? found.low;
        if (alarms.length === 0) expect(kept ?? start).toBe(held);
        if (kept !== null) expect([found.known, start]).toEqual([null, found.low]);
      }),
    );
  });

  it("is silent exactly when the log still has what Postgres holds and nobody knows of more", () => {
    fc.assert(
      fc.property(evidence, (found) => {
        const held = found.stored ?? found.low;
        const isInLog = held >= found.low && held <= found.high;
        const isNewest = found.known === null || found.known <= held;
        expect(placeOffset(found).alarms.length === 0).toBe(isInLog && isNewest);
      }),
    );
  });
});
