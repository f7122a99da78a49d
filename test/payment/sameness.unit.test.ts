import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isBeforeRestore } from "../../src/payment/before-restore.ts";
import { deadLetterIdOf, derivedEventId } from "../../src/payment/ids.ts";
import { firstDifference, payloadHashOf, type Identity } from "../../src/payment/sameness.ts";

/** Few values, so that two of them are often equal and often differ in one field only. */
const word = fc.constantFrom("a", "b", "ab", "1:a");
const identities: fc.Arbitrary<Identity> = fc.record({
  platformId: word,
  taskId: word,
  workerId: word,
  amount: fc.constantFrom(1n, 10n, 1_000_000n),
  currency: fc.constantFrom("USDC", "EURC"),
  idempotencyKey: word,
});

test("two payments have the same fingerprint exactly where no field differs", () => {
  fc.assert(
    fc.property(identities, identities, (one, other) => {
      const same = firstDifference(one, other) === undefined;
      expect(payloadHashOf(one).equals(payloadHashOf(other))).toBe(same);
    }),
    { numRuns: 2_000 },
  );
});

test("the field named is one that differs, and both sides name the same one", () => {
  fc.assert(
    fc.property(identities, identities, (one, other) => {
      const field = firstDifference(one, other);
      expect(firstDifference(other, one)).toBe(field);
      if (field !== undefined) expect(one[field]).not.toBe(other[field]);
      else expect(one).toEqual(other);
    }),
  );
});

test("an id from outside cannot be built to meet another's", () => {
  expect(derivedEventId("ab", "c")).not.toBe(derivedEventId("a", "bc"));
  const place = { topic: "task.completed", partition: 1, offset: 12n };
  const hash = Buffer.alloc(32, 1);
  expect(deadLetterIdOf(place, hash)).toBe(deadLetterIdOf({ ...place }, Buffer.alloc(32, 1)));
  expect(deadLetterIdOf(place, hash)).not.toBe(deadLetterIdOf(place, Buffer.alloc(32, 2)));
  expect(deadLetterIdOf(place, hash)).not.toBe(
    deadLetterIdOf({ ...place, partition: 11, offset: 2n }, hash),
  );
});

test("what was known in any way before a restore counts as before it, and for a day everything does", () => {
  const restoredAt = new Date("2026-01-02T00:00:00Z");
  const before = new Date("2026-01-01T00:00:00Z");
  const after = new Date("2026-01-03T00:00:00Z");
  const later = { restoredAt, now: new Date("2026-01-03T12:00:00Z") };
  expect(isBeforeRestore([after, before], later)).toBe(true);
  expect(isBeforeRestore([after, null], later)).toBe(false);
  expect(isBeforeRestore([before], { ...later, restoredAt: null })).toBe(false);
  const soon = { restoredAt, now: new Date("2026-01-02T23:59:59Z") };
  expect(isBeforeRestore([after, null], soon)).toBe(true);
});
