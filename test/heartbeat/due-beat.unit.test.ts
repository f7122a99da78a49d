import { expect, test } from "vitest";
import { dueBeat } from "../../src/heartbeat/due-beat.ts";

const EVERY_MS = 300_000;
const now = new Date("2026-11-26T12:07:31.500Z");
const due = "heartbeat-2026-11-26T12:05:00.000Z";
const before = "heartbeat-2026-11-26T12:00:00.000Z";
const ended = (taskId: string) => ({ taskId, isEnded: true, succeededAt: null });
const none = { beats: [], sent: undefined };

test("a beat has the name of the time at which it was due, whoever sends it and when", () => {
  expect(dueBeat(now, EVERY_MS, none)).toBe(due);
  expect(dueBeat(new Date("2026-11-26T12:05:00.000Z"), EVERY_MS, none)).toBe(due);
  expect(dueBeat(new Date("2026-11-26T12:04:59.999Z"), EVERY_MS, none)).toBe(before);
});

test("there is one for each time, and the next one only when the last one has ended", () => {
  expect(dueBeat(now, EVERY_MS, { ...none, beats: [ended(before)] })).toBe(due);
  expect(dueBeat(now, EVERY_MS, { ...none, beats: [ended(due), ended(before)] })).toBeUndefined();
  const hangs = { ...ended(before), isEnded: false };
  expect(dueBeat(now, EVERY_MS, { ...none, beats: [hangs] })).toBeUndefined();
});

test("what was published and is not accepted yet is waited for, but not for ever", () => {
  const sent = { taskId: before, at: new Date("2026-11-26T12:00:00.000Z") };
  expect(dueBeat(now, EVERY_MS, { beats: [], sent })).toBeUndefined();
  expect(dueBeat(now, EVERY_MS, { beats: [ended(before)], sent })).toBe(due);
  const lost = { taskId: before, at: new Date("2026-11-26T11:07:31.000Z") };
  expect(dueBeat(now, EVERY_MS, { beats: [], sent: lost })).toBe(due);
});
