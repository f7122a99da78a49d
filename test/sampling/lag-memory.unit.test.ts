import { array, assert, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { createLagMemory } from "../../src/sampling/lag-memory.ts";

test("a record is as old as the first look that saw it there, and nothing once it is durable", () => {
  const memory = createLagMemory();
  expect(memory.note({ high: 5n, next: 5n, nowMs: 0 })).toBe(0);
  expect(memory.note({ high: 8n, next: 5n, nowMs: 1_000 })).toBe(0);
  expect(memory.note({ high: 9n, next: 5n, nowMs: 6_000 })).toBe(5_000);
  // The first three are durable: what was seen at 6,000 is the oldest now.
  expect(memory.note({ high: 9n, next: 8n, nowMs: 11_000 })).toBe(5_000);
  expect(memory.note({ high: 9n, next: 9n, nowMs: 16_000 })).toBe(0);
  expect(memory.note({ high: 10n, next: 9n, nowMs: 21_000 })).toBe(0);
});

test("a topic that was made anew begins a memory anew", () => {
  const memory = createLagMemory();
  memory.note({ high: 100n, next: 50n, nowMs: 0 });
  expect(memory.note({ high: 3n, next: 0n, nowMs: 9_000 })).toBe(0);
});

test("whatever is produced and made durable in between, it never says more than the oldest record's age", () => {
  const step = record({
    produced: integer({ min: 0, max: 5 }),
    durable: integer({ min: 0, max: 5 }),
    waitMs: integer({ min: 0, max: 60_000 }),
  });
  assert(
    property(array(step, { maxLength: 1_500 }), (steps) => {
      const memory = createLagMemory();
      const bornMs: number[] = [];
      let next = 0;
      let nowMs = 0;
      for (const { produced, durable, waitMs } of steps) {
        bornMs.push(...Array.from({ length: produced }, () => nowMs));
        nowMs += waitMs;
        next = Math.min(bornMs.length, next + durable);
        const said = memory.note({ high: BigInt(bornMs.length), next: BigInt(next), nowMs });
        const born = bornMs[next];
        expect(said).toBeLessThanOrEqual(born === undefined ? 0 : nowMs - born);
      }
    }),
    { numRuns: 50 },
  );
});
