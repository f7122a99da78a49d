import { describe, expect, test } from "vitest";
import { parseStalledMs, watchDiskStall } from "../../bench/measure/disk-stall.ts";
import { watchForeignLoad } from "../../bench/measure/foreign-load.ts";
import {
  parseMachineTimes,
  parseStat,
  readProcesses,
  treeCpuMs,
  type ProcessTable,
} from "../../bench/measure/processes.ts";

const stat = (pid: number, name: string, parent: number) =>
  `${pid} (${name}) S ${parent} 1 1 0 -1 4194560 9 9 9 9 30 20 7 3 20 0 11 0 100 1000 10`;

describe("the kernel's process table", () => {
  test("is read right whatever a program is called", () => {
    const wanted = { pid: 42, parent: 7, ticks: 60 };
    expect(parseStat(stat(42, "node", 7))).toEqual(wanted);
    expect(parseStat(stat(42, "a) S 99 (b", 7))).toEqual(wanted);
    expect(parseStat("")).toBeUndefined();
  });

  test("a tree's time is that of the process and all below it, and of nobody else", () => {
    const table: ProcessTable = new Map(
      [
        [10, 1],
        [11, 10],
        [12, 11],
        [20, 1],
      ].map(([pid = 0, parent = 0]) => [pid, { pid, parent, ticks: pid }]),
    );
    expect(treeCpuMs(table, 10)).toBe((10 + 11 + 12) * 10);
    expect(treeCpuMs(table, 12)).toBe(120);
    expect(treeCpuMs(table, 99)).toBe(0);
  });

  test("this process is in it, and has used its processor", async () => {
    expect(treeCpuMs(await readProcesses(), process.pid)).toBeGreaterThan(0);
  });
});

describe("foreign load", () => {
  test("what waits for a disk is idle, and what the host took is not", () => {
    const text = "cpu  100 10 50 800 30 2 5 3 7 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
    expect(parseMachineTimes(text)).toEqual({ busyMs: 1_700, wholeMs: 10_000 });
  });

  test("is what was busy and not ours, as a share of all processors", async () => {
    const readings = [
      { busyMs: 1_000, wholeMs: 5_000, oursMs: 400 },
      { busyMs: 2_500, wholeMs: 7_000, oursMs: 1_700 },
    ];
    const shareOf = await watchForeignLoad(async () => readings.shift() ?? expect.fail());
    expect(await shareOf()).toBeCloseTo((1_500 - 1_300) / 2_000);
  });

  test("is none where the clocks' ticks make ours more than what was busy", async () => {
    const readings = [
      { busyMs: 0, wholeMs: 0, oursMs: 0 },
      { busyMs: 100, wholeMs: 1_000, oursMs: 120 },
    ];
    const shareOf = await watchForeignLoad(async () => readings.shift() ?? expect.fail());
    expect(await shareOf()).toBe(0);
  });
});

describe("the time that all waited for the disk", () => {
  const pressure = (some: number, full: number) =>
    `some avg10=9.10 avg60=8.00 avg300=7.00 total=${some}\nfull avg10=6.00 avg60=5.00 avg300=4.00 total=${full}\n`;

  test("is what stopped everybody, not what somebody waited for", () => {
    expect(parseStalledMs(pressure(9_000_000, 2_500_000))).toBe(2_500);
  });

  test("is told as a share of the time that was watched", async () => {
    const accounts = [pressure(0, 1_000_000), pressure(0, 1_000_000), pressure(0, 9_000_000_000)];
    const read = async () => accounts.shift() ?? expect.fail();
    const stallOf = await watchDiskStall(read);
    expect(await stallOf()).toBe(0);
    expect(await stallOf()).toBeGreaterThan(100);
  });

  test("is not told where the kernel keeps no account", async () => {
    const stallOf = await watchDiskStall(async () => "");
    expect(await stallOf()).toBeUndefined();
  });
});
