import { expect, test } from "vitest";
import { afterTry, TRIES } from "../../src/webhooks/schedule.ts";
import { outcomeOf } from "../../src/webhooks/try-outcome.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

test("ten tries: at once, then after 5 s, 30 s, 2 m, 10 m, 1 h, 3 h, 6 h, 12 h and 24 h", () => {
  const waits: number[] = [];
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const { status, waitMs } = afterTry("rejected", TRIES - attempt);
    if (waitMs === null) expect({ attempt, status }).toEqual({ attempt: 10, status: "exhausted" });
    else waits.push(waitMs);
  }
  expect(waits).toEqual([
    5 * SECOND,
    30 * SECOND,
    2 * MINUTE,
    10 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    24 * HOUR,
  ]);
});

test("a try that our own stop broke off is made again at once, and is not counted", () => {
  for (const triesLeft of [9, 0]) {
    expect(afterTry("stopped", triesLeft)).toEqual({ status: "pending", waitMs: 0, granted: 1 });
  }
});

test("tries beyond the tenth, left over by a crash, are the last ones too", () => {
  expect(afterTry("timeout", -1).status).toBe("exhausted");
});

test("only 2xx is a success; 410 asks for silence, and a redirect is a refusal", () => {
  const kinds = [200, 204, 299, 300, 301, 308, 400, 404, 410, 429, 500, 503].map(
    (status) => outcomeOf(status).kind,
  );
  expect(kinds).toEqual([
    ...Array.from({ length: 3 }, () => "delivered"),
    ...Array.from({ length: 5 }, () => "rejected"),
    "gone",
    ...Array.from({ length: 3 }, () => "rejected"),
  ]);
});
