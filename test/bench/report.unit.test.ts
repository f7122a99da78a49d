import { describe, expect, test } from "vitest";
import { drawPlot, pointsOf } from "../../bench/report/draw-plot.ts";
import { judgeTarget } from "../../bench/report/judge-target.ts";
import { sectionOf } from "../../bench/report/section.ts";
import { showNumber } from "../../bench/report/show-number.ts";
import type { ResultFile, RoundResult } from "../../bench/run/result-file.ts";
import { withRound } from "../../bench/run/run-question.ts";
import { aQuestion, cellsNamed, CLEAN, STAMP } from "./a-question.ts";

const question = aQuestion(() => expect.fail());

const EMPTY: ResultFile = {
  name: "speed",
  stamp: STAMP,
  startedAt: "2026-01-02T03:04:05.000Z",
  roundsWanted: 3,
  isQuick: false,
  cells: cellsNamed("slow", "fast").map((cell) => ({ ...cell, measures: {}, rounds: [] })),
};

const roundOf = (cell: string, round: number, p99Ms: number, isDisturbed = false): RoundResult => ({
  cell,
  round,
  at: EMPTY.startedAt,
  tookMs: 1_000,
  foreignShare: isDisturbed ? 0.25 : 0.01,
  repeats: 0,
  isDisturbed,
  outcome: "measured",
  measures: { p99Ms },
  audit: CLEAN,
});

const fileOf = (...rounds: RoundResult[]) => rounds.reduce(withRound, EMPTY);

describe("a target", () => {
  const [fast = expect.fail(), slow = expect.fail()] = question.targets;

  test("is met by the median, its limit included or not as it says", () => {
    const file = fileOf(roundOf("fast", 1, 20), roundOf("slow", 1, 20));
    expect(judgeTarget(fast, file)).toMatchObject({ median: 20, isMet: true });
    expect(judgeTarget(slow, file)).toMatchObject({ median: 20, isMet: false });
  });

  test("may be a multiple of another cell's median, and is not met while that one is not measured", () => {
    const twice = { ...fast, comparison: ">=" as const, value: 2, timesOf: "slow" };
    const ofTen = fileOf(roundOf("fast", 1, 20), roundOf("slow", 1, 10));
    const ofEleven = fileOf(roundOf("fast", 1, 20), roundOf("slow", 1, 11));
    expect(judgeTarget(twice, ofTen).isMet).toBe(true);
    expect(judgeTarget(twice, ofEleven).isMet).toBe(false);
    expect(judgeTarget(twice, fileOf(roundOf("fast", 1, 20))).isMet).toBe(false);
  });

  test("is not met by what nobody measured", () => {
    expect(judgeTarget(fast, EMPTY)).toMatchObject({ median: undefined, isMet: false });
    expect(judgeTarget(fast, undefined)).toMatchObject({ isMet: false });
  });
});

describe("a disturbed round", () => {
  test("counts for nothing beside one that nobody disturbed", () => {
    const file = fileOf(roundOf("fast", 1, 500, true), roundOf("fast", 2, 10));
    expect(file.cells[1]?.measures["p99Ms"]).toEqual({ median: 10, min: 10, max: 10 });
  });

  test("is all there is where each was disturbed, and the report says so", () => {
    const file = fileOf(roundOf("fast", 1, 500, true));
    expect(file.cells[1]?.measures["p99Ms"]?.median).toBe(500);
    expect(sectionOf(question, file, STAMP)).toContain(
      "fast, round 1: disturbed, others took 25 % of the machine",
    );
  });
});

describe("the report", () => {
  const file = fileOf(
    roundOf("fast", 1, 10),
    roundOf("fast", 2, 12),
    roundOf("fast", 3, 30),
    roundOf("slow", 1, 1_234),
  );

  test("shows median, least and most, and each target beside what was measured", () => {
    const text = sectionOf(question, file, STAMP);
    expect(text).toContain("| fast | 12 (10–30) | 3 |");
    expect(text).toContain("| slow | 1,234 | 1 |");
    expect(text).toContain("| fast | p99, ms | ≤ 20 | 12 | met |");
    expect(text).toContain("| slow | p99, ms | < 20 | 1,234 | **not met** |");
    expect(text).toContain("![The slow end](speed-p99.svg)");
    expect(text).toContain("commit `abc1234567`, 3 rounds");
    expect(text).not.toContain("another commit");
  });

  test("marks numbers of other code, and those of code that was never committed", () => {
    expect(sectionOf(question, file, { tested: "changed" })).toContain("another commit's numbers");
    const dirty = { ...file, stamp: { ...STAMP, isDirty: true } };
    expect(sectionOf(question, dirty, STAMP)).toContain("uncommitted changes");
  });

  test("says what is no result, and what was not measured", () => {
    const failed: RoundResult = {
      ...roundOf("slow", 1, 0),
      outcome: "failed",
      error: "the audit: lost 2",
    };
    const {
      measures: _,
      audit: __,
      ...stored
    } = failed as RoundResult & { measures?: unknown; audit?: unknown };
    const text = sectionOf(question, fileOf(stored as RoundResult), STAMP);
    expect(text).toContain("slow, round 1: no result: the audit: lost 2");
    expect(text).toContain("| not measured | – |");
    expect(sectionOf(question, undefined, STAMP)).toContain("Not measured yet.");
  });

  test("draws a plot of the medians without a browser", async () => {
    const [plot = expect.fail()] = question.plots;
    const points = pointsOf(plot, file);
    expect(points).toEqual([
      { series: "p99", x: 1, facet: "", median: 1_234, min: 1_234, max: 1_234 },
      { series: "p99", x: 2, facet: "", median: 12, min: 10, max: 30 },
    ]);
    const svg = await drawPlot(plot, points);
    expect(svg).toMatch(/^<svg/);
    expect(svg).toContain("The slow end");
  });

  test.each([
    [0.1234, "0.123"],
    [12.34, "12.3"],
    [99.96, "100"],
    [1_234.5, "1,235"],
    [50_000, "50,000"],
    [0, "0"],
  ])("writes %d as %s", (value, text) => {
    expect(showNumber(value)).toBe(text);
  });
});
