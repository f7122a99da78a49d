import { describe, expect, test } from "vitest";
import { refuseWithoutRoom } from "../../bench/history/disk-room.ts";
import {
  blockAt,
  firstKeptSend,
  historyUntil,
  prunedBeforeMs,
  sendEveryUs,
} from "../../bench/history/history.ts";

const NOW_MS = Date.UTC(2026, 2, 1, 12);
const DAY_MS = 86_400_000;
const tenMillion = historyUntil(NOW_MS, 10_000_000);

describe("a history", () => {
  test("is ninety days that end now, and its last send is within them", () => {
    const lastMs = tenMillion.startMs + (499_999 * sendEveryUs(tenMillion)) / 1_000;
    expect(tenMillion.startMs).toBe(NOW_MS - 90 * DAY_MS);
    expect(lastMs).toBeLessThan(NOW_MS);
    expect(NOW_MS - lastMs).toBeLessThan(60_000);
  });

  test("was pruned between two sends, and nothing of the last seven days", () => {
    const everyMs = sendEveryUs(tenMillion) / 1_000;
    const kept = firstKeptSend(tenMillion);
    const before = prunedBeforeMs(tenMillion);
    expect(before).toBeGreaterThan(tenMillion.startMs + (kept - 1) * everyMs);
    expect(before).toBeLessThan(tenMillion.startMs + kept * everyMs);
    expect(before).toBeLessThanOrEqual(NOW_MS - 7 * DAY_MS);
  });

  test("has a chain of a block each half second that is older than it", () => {
    expect(blockAt(tenMillion, tenMillion.startMs)).toBe(7_200);
    expect(blockAt(tenMillion, tenMillion.startMs + 1_250)).toBe(7_202);
  });

  test("is of whole sends, each hundredth payment of them rejected, or none", () => {
    expect(() => historyUntil(NOW_MS, 1_990)).toThrow(RangeError);
    expect(() => historyUntil(NOW_MS, 0)).toThrow(RangeError);
  });
});

describe("the room on the disk", () => {
  const free = (gb: number) => async () => gb * 1e9;

  test("is 45 GB for ten million, and less for less", async () => {
    await expect(refuseWithoutRoom("/data", 10_000_000, free(45))).resolves.toBeUndefined();
    await expect(refuseWithoutRoom("/data", 20_000, free(1))).resolves.toBeUndefined();
  });

  test("is refused where there is less, with the place and what is missing", async () => {
    await expect(refuseWithoutRoom("/data", 10_000_000, free(44.9))).rejects.toThrow(
      /needs 45\.0 GB free in \/data, and there are 44\.9/,
    );
  });
});
