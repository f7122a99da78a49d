import type { Audit, Audited, Cell, Question, RunContext } from "../../bench/question.ts";
import type { Stamp } from "../../bench/run/result-file.ts";

export const CLEAN: Audit = {
  published: 10,
  completed: 10,
  failed: 0,
  paidTwice: 0,
  lost: 0,
  contradicting: 0,
  failedButPaid: 0,
  open: 0,
};

export const STAMP: Stamp = {
  commit: "abc1234567",
  tested: "0123456789ab",
  isDirty: false,
  machine: { processor: "a processor", processors: 2, memoryGb: 8, system: "Linux 6" },
  versions: { node: "24.0.0", postgres: "18.4", kafka: "4.1.0", anvil: "1.7.1" },
};

export const cellsNamed = (...labels: string[]): Cell[] =>
  labels.map((label, index) => ({ label, params: { rate: index + 1 } }));

/** A question that pays nothing and answers what it is told. */
export function aQuestion(
  run: (cell: Cell) => Promise<Audited>,
  cells: readonly Cell[] = cellsNamed("slow", "fast"),
): Question {
  return {
    name: "speed",
    asks: "How fast is it?",
    cells,
    columns: [{ measure: "p99Ms", title: "p99, ms" }],
    targets: [
      { cell: "fast", measure: "p99Ms", comparison: "<=", value: 20 },
      { cell: "slow", measure: "p99Ms", comparison: "<", value: 20 },
    ],
    plots: [
      {
        id: "p99",
        title: "The slow end",
        x: { param: "rate", title: "rate" },
        y: { title: "ms" },
        series: [{ measure: "p99Ms", title: "p99" }],
        mark: "line",
      },
    ],
    cellMaxMs: 1_000,
    run,
  };
}

export function aContext(): RunContext & { readonly said: string[] } {
  const said: string[] = [];
  const signal = new AbortController().signal;
  return { said, signal, isQuick: false, say: (line) => void said.push(line) };
}
