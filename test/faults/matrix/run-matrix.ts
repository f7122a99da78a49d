import type { CellResult } from "./cell-spec.ts";
import { allCells } from "./all-cells.ts";
import { logsOf } from "./logs.ts";
import { openMemory, type Trust } from "./remembered.ts";
import { playAll } from "./workers.ts";

export interface MatrixOptions {
  readonly workers: number;
  /** No cell is begun later; the next run goes on there. */
  readonly minutesMax: number;
  /** Only cells whose name contains this. */
  readonly only?: string | undefined;
  readonly trust: Trust;
  readonly say: (line: string) => void;
}

/** Plays all cells, or those that are asked for, and answers their results in the matrix's order. */
export async function runMatrix(options: MatrixOptions): Promise<CellResult[]> {
  const { only, say, workers, minutesMax } = options;
  const cells = allCells().filter(({ name }) => only === undefined || name.includes(only));
  const memory = await openMemory(options.trust);
  const left = cells.filter(({ name }) => !memory.results.has(name));
  if (left.length < cells.length) say(`${cells.length - left.length} cells are remembered`);
  let played = 0;
  await playAll(left, { workers, minutesMax }, (result) => {
    memory.remember(result);
    played += 1;
    say(lineOf(result, `${played}/${left.length}`));
  });
  return cells.flatMap(({ name }) => memory.results.get(name) ?? []);
}

function lineOf(result: CellResult, progress: string): string {
  const { name, outcome, recoveryMs, durationMs, error } = result;
  const seconds = (durationMs / 1_000).toFixed(1);
  const line = `${progress} ${outcome} ${name} (${seconds} s, recovered in ${recoveryMs ?? "?"} ms)`;
  if (error === undefined) return line;
  return [line, error, `logs: ${logsOf(name)}`, `again: npm run faults -- --cell ${name}`].join(
    "\n  ",
  );
}
