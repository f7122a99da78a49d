import { expect, test } from "vitest";
import { goOnFrom } from "../../src/live/live-place.ts";

const place = { epoch: "0000000b", after: 100n, last: 120n, now: new Date(0) };

test.each([
  ["of the same epoch goes on where it is", "0000000b", 110n, 110n],
  ["of an older epoch goes back to where the new one began", "0000000a", 150n, 100n],
  ["of an older epoch that had not come so far goes on where it is", "0000000a", 80n, 80n],
  [
    "ahead of the numbering goes back to its end: the database is an older one",
    "0000000b",
    150n,
    120n,
  ],
])("a reader %s", (_, epoch, number, from) => {
  expect(goOnFrom(place, { epoch, number })).toBe(from);
});
