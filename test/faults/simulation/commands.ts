import { availableParallelism } from "node:os";
import type { ChainBreak } from "./chain-model.ts";
import { planOf } from "./plan.ts";
import { runSeeds, type Failure, type SeedsReport } from "./run-seeds.ts";
import { startWorkers } from "./workers.ts";

const WORKERS_MAX = 2;

/** `--seed N [--steps 3,7,…]`: one schedule, told step by step. Answers the exit code. */
export async function tellSeed(
  seed: number,
  steps: readonly number[] | undefined,
): Promise<number> {
  await using workers = await startWorkers(1);
  const plan = planOf(seed);
  const { result, story } = await workers.run(steps ? { ...plan, steps } : plan, { isTold: true });
  for (const line of story) print(line);
  const { violations, ...counts } = result;
  print(JSON.stringify(counts));
  for (const violation of violations) print(violation);
  return violations.length === 0 ? 0 : 1;
}

/** `--seeds N [--from M] [--failures K] [--json]`: many schedules; those that break a promise are shrunk and told. */
export async function checkSeeds(options: {
  readonly count: number;
  readonly from: number;
  /** After so many that break a promise the rest is left. */
  readonly failuresMax: number;
  readonly json: boolean;
  readonly breaks: readonly ChainBreak[];
}): Promise<number> {
  const { count, from, failuresMax, json, breaks } = options;
  await using workers = await startWorkers(Math.min(WORKERS_MAX, availableParallelism()));
  const seeds = Array.from({ length: count }, (_, index) => from + index);
  const startedMs = performance.now();
  const report = await runSeeds(workers, seeds, {
    breaks,
    failuresMax,
    onProgress: progressOf(count),
    onFailure: ({ seed, violations }) =>
      process.stderr.write(`seed ${seed} fails: ${violations.join("; ")}\n`),
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  for (const failure of report.failures) tellFailure(failure);
  print(json ? JSON.stringify(report.totals) : inWords(report, seconds));
  return report.failures.length === 0 ? 0 : 1;
}

function progressOf(count: number): (done: number) => void {
  const every = Math.max(1, Math.floor(count / 20));
  return (done) => {
    if (done % every === 0) process.stderr.write(`${done} of ${count} schedules\n`);
  };
}

function tellFailure({ seed, violations, steps, story }: Failure): void {
  const replay = `npm run faults -- --seed ${seed} --steps ${steps.join(",")}`;
  process.stderr.write(
    [
      `\nseed ${seed} breaks:`,
      ...violations,
      "The shortest schedule found:",
      ...story,
      replay,
      "",
    ].join("\n"),
  );
}

function inWords({ totals, failures }: SeedsReport, seconds: number): string {
  const rate = (totals.schedules / seconds).toFixed(1);
  const lines = Object.entries(totals).map(([name, value]) => `${name.padEnd(16)} ${value}`);
  const verdict = failures.length === 0 ? "Every promise held." : "A promise was broken.";
  return [...lines, `${rate} schedules a second`, verdict].join("\n");
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
