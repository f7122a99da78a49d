import { describe, expect, test } from "vitest";
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
