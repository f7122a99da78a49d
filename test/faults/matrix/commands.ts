import { allCells } from "./all-cells.ts";
import type { CellResult } from "./cell-spec.ts";
import { readReport } from "./read-report.ts";
import type { Trust } from "./remembered.ts";
import { runMatrix } from "./run-matrix.ts";
import { writeReport } from "./write-report.ts";

const EXIT_FAILED = 1;

export interface PlayOptions {
  /** Only cells whose name contains this; absent: all. */
  readonly only?: string | undefined;
  /** Enters what was played in the page, which keeps what it says of other cells. */
  readonly isEntered: boolean;
  readonly workers: number;
  readonly minutesMax: number;
  readonly trust: Trust;
  readonly json: boolean;
}

/** Names the cells; answers the exit code. */
export async function listMatrix(json: boolean): Promise<number> {
  const cells = allCells().map(({ name, kind, rail }) => ({ name, kind, rail }));
  print(json, cells, cells.map(({ name }) => name).join("\n"));
  return 0;
}

/** Plays cells; answers 1 if any failed. Progress goes to stderr where stdout is for the one document. */
export async function playMatrix(options: PlayOptions): Promise<number> {
  const { isEntered, json } = options;
  const output = json ? process.stderr : process.stdout;
  const say = (line: string) => void output.write(`${line}\n`);
  const results = await runMatrix({ ...options, say });
  if (isEntered) enter(results);
  const failed = results.filter(({ outcome }) => outcome === "failed");
  print(json, results, `${results.length} cells, ${failed.length} failed`);
  return failed.length === 0 ? 0 : EXIT_FAILED;
}

function enter(results: readonly CellResult[]): void {
  const known = new Map([...readReport(), ...results].map((result) => [result.name, result]));
  const cells = allCells();
  writeReport(
    cells.flatMap(({ name }) => known.get(name) ?? []),
    cells.length,
  );
}

function print(isJson: boolean, document: unknown, text: string): void {
  process.stdout.write(isJson ? `${JSON.stringify(document)}\n` : `${text}\n`);
}
