import type { Cell, Question, RunContext } from "../question.ts";
import { canResume, planRounds, roundsLeft } from "./plan-rounds.ts";
import { percent, playRound, type PlayDeps } from "./play-round.ts";
import {
  readResultFile,
  writeResultFile,
  type ResultFile,
  type RoundResult,
  type Stamp,
} from "./result-file.ts";
import { sumUp } from "./sum-up.ts";

/** However many cells and rounds there are: what does not fit is left for `--resume`. */
const RUN_MAX_MS = 540_000;

export interface RunOptions extends Pick<PlayDeps, "watchLoad"> {
  readonly rounds: number;
  readonly resume: boolean;
  readonly path: string;
  readonly stamp: Stamp;
  readonly runMaxMs?: number;
}

export interface RunEnd {
  readonly failed: number;
  /** Rounds for which there was no time. */
  readonly left: number;
}

/** Plays what is left of these cells of a question, and stores each round's result before the next begins. */
export async function runQuestion(
  question: Question,
  cells: readonly Cell[],
  context: RunContext,
  options: RunOptions,
): Promise<RunEnd> {
  const untilMs = performance.now() + (options.runMaxMs ?? question.runMaxMs ?? RUN_MAX_MS);
  const hasTime = () => performance.now() + question.cellMaxMs <= untilMs;
  // Nobody measures with a smoke run, so it need not be undisturbed.
  const hasTimeAgain = () => !context.isQuick && hasTime();
  const isPlayed = (label: string) => cells.some((cell) => cell.label === label);
  let file = await openFile(question, isPlayed, context, options);
  const left = roundsLeft(planRounds(cells, options.rounds), file);
  await using shared = left.length > 0 ? await question.prepare?.(context) : undefined;
  let failed = 0;
  for (const [index, planned] of left.entries()) {
    context.signal.throwIfAborted();
    if (!hasTime()) {
      context.say(`no time for ${left.length - index} rounds: --resume goes on`);
      return { failed, left: left.length - index };
    }
    context.say(`${index + 1}/${left.length} ${planned.cell.label}, round ${planned.round}`);
    const result = await playRound(question, planned, context, {
      ...options,
      shared,
      hasTime: hasTimeAgain,
    });
    if (result.outcome === "failed") failed += 1;
    context.say(`  ${tell(result, question)}`);
    file = withRound(file, result);
    await writeResultFile(options.path, file);
  }
  return { failed, left: 0 };
}

/** What other runs of the same code have measured stays; of the cells that are to be played only with `--resume`. */
async function openFile(
  question: Question,
  isPlayed: (label: string) => boolean,
  { isQuick, say }: RunContext,
  { rounds, resume, path, stamp }: RunOptions,
): Promise<ResultFile> {
  const stored = await readResultFile(path);
  const known = stored && canResume(stored, stamp, isQuick) ? stored : undefined;
  if (resume && !known) say("nothing of this code to go on from: from the beginning");
  return {
    name: question.name,
    stamp,
    startedAt: known?.startedAt ?? new Date().toISOString(),
    roundsWanted: rounds,
    isQuick,
    cells: question.cells.map(({ label, params }) => {
      const keeps = resume || !isPlayed(label);
      const before = keeps ? known?.cells.find((cell) => cell.label === label) : undefined;
      return { label, params, measures: before?.measures ?? {}, rounds: before?.rounds ?? [] };
    }),
  };
}

/** With this round's result in place of an earlier one, and its cell summed up anew. */
export function withRound(file: ResultFile, result: RoundResult): ResultFile {
  return {
    ...file,
    cells: file.cells.map((cell) => {
      if (cell.label !== result.cell) return cell;
      const others = cell.rounds.filter(({ round }) => round !== result.round);
      const rounds = [...others, result].toSorted((a, b) => a.round - b.round);
      return { ...cell, rounds, measures: sumUp(rounds) };
    }),
  };
}

function tell(result: RoundResult, { columns }: Question): string {
  const seconds = `${(result.tookMs / 1_000).toFixed(0)} s`;
  const load = `others took ${percent(result.foreignShare)}${result.isDisturbed ? ": DISTURBED" : ""}`;
  if (result.outcome === "failed") return `NO RESULT after ${seconds}: ${result.error}`;
  const values = columns.flatMap(({ measure, title }) => {
    const value = result.measures[measure];
    return value === undefined ? [] : [`${title} ${Math.round(value * 10) / 10}`];
  });
  return [...values, `${result.audit.completed} paid`, seconds, load].join(" · ");
}
