import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatEventId, parseEventId } from "../../src/live/event-id.ts";

const eventId = fc.record({
  epoch: fc.stringMatching(/^[0-9a-f]{8}$/),
  number: fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
});

test("an id that was given is read as what it was", () => {
  fc.assert(
    fc.property(eventId, (id) => {
      expect(parseEventId(formatEventId(id))).toEqual(id);
    }),
  );
});

test.each([
  "",
  "1",
  "1f0c22ab",
  "1f0c22ab-",
  "1f0c22ab-01",
  "1f0c22ab--1",
  "1F0C22AB-1",
  "1f0c22ab-1 ",
  "1f0c22ab-1e3",
])("%j is none of ours", (text) => {
  expect(parseEventId(text)).toBeUndefined();
});

test("whatever is read as an id is written as it was", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{7,9}-\d{0,20}$/)), (text) => {
      const id = parseEventId(text);
      if (id) expect(formatEventId(id)).toBe(text);
    }),
  );
});
