import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { canResume, planRounds } from "../../bench/run/plan-rounds.ts";
import { playRound } from "../../bench/run/play-round.ts";
import { readResultFile } from "../../bench/run/result-file.ts";
import { runQuestion, type RunOptions } from "../../bench/run/run-question.ts";
import type { Question } from "../../bench/question.ts";
import { aContext, aQuestion, cellsNamed, CLEAN, STAMP } from "./a-question.ts";

const measured = async () => ({ measures: { p99Ms: 10 }, audit: CLEAN });

describe("the order of play", () => {
  test("each round plays every cell once, and begins with another one", () => {
    const planned = planRounds(cellsNamed("a", "b", "c"), 3);
    expect(planned.map(({ cell, round }) => `${cell.label}${round}`)).toEqual([
      "a1",
      "b1",
      "c1",
      "b2",
      "c2",
      "a2",
      "c3",
      "a3",
      "b3",
    ]);
  });
});

describe("a round", () => {
  const [cell = expect.fail()] = cellsNamed("slow");
  const planned = { cell, round: 1 };
  const shares =
    (...values: number[]) =>
    async () =>
    async () =>
      values.shift() ?? expect.fail();
  const hasTime = () => true;

  test("that others disturbed is played again until nobody does", async () => {
    const watchLoad = shares(0.4, 0.3, 0.01);
    const result = await playRound(aQuestion(measured), planned, aContext(), {
      watchLoad,
      hasTime,
    });
    expect(result).toMatchObject({ outcome: "measured", repeats: 2, isDisturbed: false });
  });

  test("that is always disturbed is played three times and says so", async () => {
    const watchLoad = shares(0.4, 0.3, 0.2);
    const result = await playRound(aQuestion(measured), planned, aContext(), {
      watchLoad,
      hasTime,
    });
    expect(result).toMatchObject({ repeats: 2, isDisturbed: true, foreignShare: 0.2 });
  });

  test("that was disturbed is not played again when there is no time for it", async () => {
    const deps = { watchLoad: shares(0.4), hasTime: () => false };
    const result = await playRound(aQuestion(measured), planned, aContext(), deps);
    expect(result).toMatchObject({ repeats: 0, isDisturbed: true });
  });

  test.each(["paidTwice", "lost", "contradicting", "failedButPaid", "failed", "open"] as const)(
    "is no result if the auditor found anything %s",
    async (wrong) => {
      const run = async () => ({ measures: { p99Ms: 10 }, audit: { ...CLEAN, [wrong]: 1 } });
      const deps = { watchLoad: shares(0), hasTime };
      const result = await playRound(aQuestion(run), planned, aContext(), deps);
      expect(result).toMatchObject({ outcome: "failed", error: `the audit: ${wrong} 1` });
    },
  );

  test("is no result if nothing was paid, a measure is no number, or it threw", async () => {
    const play = (run: Question["run"]) =>
      playRound(
        aQuestion(async (cell) => run(cell, aContext(), undefined)),
        planned,
        aContext(),
        {
          watchLoad: shares(0),
          hasTime,
        },
      );
    const nothing = { measures: {}, audit: { ...CLEAN, completed: 0 } };
    expect(await play(async () => nothing)).toMatchObject({ error: "the audit: nothing was paid" });
    const noNumber = { measures: { p99Ms: NaN }, audit: CLEAN };
    expect(await play(async () => noNumber)).toMatchObject({ outcome: "failed" });
    const thrown = Promise.reject(new Error("Kafka went away"));
    expect(await play(() => thrown)).toMatchObject({ error: "Kafka went away" });
  });
});

describe("a run", () => {
  let directory: string;
  let options: RunOptions;
  const watchLoad = async () => async () => 0;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "bench-"));
    const path = join(directory, "speed.json");
    options = { rounds: 2, resume: true, path, stamp: STAMP, watchLoad };
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Answers which cells were played. */
  async function run(changed: Partial<RunOptions> = {}, failing?: (played: number) => boolean) {
    const played: string[] = [];
    const question = aQuestion(async ({ label }) => {
      played.push(label);
      if (failing?.(played.length)) throw new Error("broken");
      return { measures: { p99Ms: played.length }, audit: CLEAN };
    });
    const end = await runQuestion(question, question.cells, aContext(), { ...options, ...changed });
    return { played, ...end };
  }

  test("has each round on disk before the next one begins", async () => {
    const seen: number[] = [];
    const question = aQuestion(async () => {
      const stored = await readResultFile(options.path);
      seen.push(stored?.cells.flatMap(({ rounds }) => rounds).length ?? 0);
      return { measures: { p99Ms: 1 }, audit: CLEAN };
    });
    await runQuestion(question, question.cells, aContext(), options);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test("sums up its rounds with the stamp of its commit", async () => {
    await run();
    const file = await readResultFile(options.path);
    expect(file).toMatchObject({ name: "speed", stamp: STAMP, roundsWanted: 2 });
    expect(file?.cells.map(({ label, measures }) => [label, measures])).toEqual([
      ["slow", { p99Ms: { median: 2.5, min: 1, max: 4 } }],
      ["fast", { p99Ms: { median: 2.5, min: 2, max: 3 } }],
    ]);
    expect(JSON.parse(await readFile(options.path, "utf8"))).toEqual(file);
  });

  test("that is resumed plays what is not there, and again what failed", async () => {
    expect(await run({}, (played) => played === 2)).toMatchObject({ failed: 1 });
    expect(await run()).toMatchObject({ played: ["fast"], failed: 0 });
    expect((await run()).played).toEqual([]);
  });

  test("of other code, or without --resume, begins anew", async () => {
    await run();
    expect((await run({ stamp: { ...STAMP, tested: "another" } })).played).toHaveLength(4);
    expect((await run({ resume: false })).played).toHaveLength(4);
  });

  test("of some cells leaves what the others have measured with the same code", async () => {
    await run();
    const question = aQuestion(measured);
    const only = question.cells.filter(({ label }) => label === "fast");
    await runQuestion(question, only, aContext(), { ...options, resume: false, rounds: 1 });
    const cells = (await readResultFile(options.path))?.cells ?? [];
    expect(cells.map(({ label, rounds }) => [label, rounds.length])).toEqual([
      ["slow", 2],
      ["fast", 1],
    ]);
  });

  describe("whose runs share what takes long to make", () => {
    /** Plays it and answers what happened, in order. */
    function runSharing(
      during: () => void = () => undefined,
      { signal }: Pick<AbortController, "signal"> = new AbortController(),
    ) {
      const events: string[] = [];
      const question: Question = {
        ...aQuestion(measured),
        prepare: async () => {
          events.push("made");
          return { what: "it", [Symbol.asyncDispose]: async () => void events.push("put away") };
        },
        run: async ({ label }, _, shared) => {
          events.push(`${label} with ${(shared as { what: string }).what}`);
          during();
          return measured();
        },
      };
      const context = { ...aContext(), signal };
      const played = runQuestion(question, question.cells, context, { ...options, rounds: 1 });
      return { events, played };
    }

    test("makes it once, hands it to each, and puts it away after the last", async () => {
      const { events, played } = runSharing();
      await played;
      expect(events).toEqual(["made", "slow with it", "fast with it", "put away"]);
    });

    test("makes nothing where nothing is left to play", async () => {
      await run();
      const { events, played } = runSharing();
      await played;
      expect(events).toEqual([]);
    });

    test("puts it away also where the run is called off", async () => {
      const called = new AbortController();
      const { events, played } = runSharing(() => called.abort(new Error("stopped")), called);
      await expect(played).rejects.toThrow("stopped");
      expect(events.at(-1)).toBe("put away");
    });
  });

  test("begins no round that could end too late, and says how many are left", async () => {
    expect(await run({ runMaxMs: 999 })).toMatchObject({ played: [], left: 4 });
    expect(await run({ runMaxMs: 60_000 })).toMatchObject({ left: 0 });
  });

  test("with uncommitted changes is never gone on with: nobody knows which they were", async () => {
    await run();
    const file = (await readResultFile(options.path)) ?? expect.fail();
    expect(canResume(file, STAMP, false)).toBe(true);
    expect(canResume(file, { ...STAMP, isDirty: true }, false)).toBe(false);
    expect(canResume(file, STAMP, true)).toBe(false);
  });
});
