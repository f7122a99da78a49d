import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OutgoingRecord, RefusedRecord } from "../../src/kafka/outgoing-record.ts";
import { groupByTopic, inChunks } from "../../src/kafka/publish-chunks.ts";

const LIMIT_BYTES = 2_000_000;

const record = (topic: string, bytes: number): OutgoingRecord => ({
  topic,
  key: "w-1",
  value: Buffer.alloc(bytes),
  headers: { "event-id": "e-1" },
});

const records = fc.array(
  fc
    .tuple(
      fc.constantFrom("a", "b"),
      fc.oneof(fc.nat(1_000), fc.integer({ min: 100_000, max: 2_100_000 })),
    )
    .map(([topic, bytes]) => record(topic, bytes)),
  { maxLength: 30 },
);

describe("cutting records into sends", () => {
  it("sends or refuses every record once, in order, and no more than 900 kB unless it is one record", () => {
    fc.assert(
      fc.property(records, (all) => {
        const refused: RefusedRecord[] = [];
        const chunks = [...inChunks(all, LIMIT_BYTES, refused)];
        const sent = chunks.flat().map(({ index }) => index);
        expect(sent).toEqual(sent.toSorted((a, b) => a - b));
        expect([...sent, ...refused.map(({ index }) => index)].sort((a, b) => a - b)).toEqual(
          all.map((_, index) => index),
        );
        for (const chunk of chunks) {
          const bytes = chunk.reduce((sum, one) => sum + (one.record.value?.length ?? 0), 0);
          expect(chunk.length === 1 || bytes <= 900_000).toBe(true);
        }
        for (const { index } of refused) {
          expect(all[index]?.value?.length).toBeGreaterThan(LIMIT_BYTES - 1_000);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("keeps the order within each topic", () => {
    const all = ["a", "b", "a", "b", "a"].map((topic, index) => record(topic, index));
    const [chunk = []] = [...inChunks(all, LIMIT_BYTES, [])];
    expect(
      groupByTopic(chunk).map(({ topic, messages }) => [
        topic,
        messages.map(({ value }) => value?.length),
      ]),
    ).toEqual([
      ["a", [0, 2, 4]],
      ["b", [1, 3]],
    ]);
  });
});
