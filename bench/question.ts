import type { Verdict } from "../sandbox/audit/audit.ts";

/** What tells one cell from another in a plot: its rate, its rail. */
export type CellParams = Readonly<Record<string, string | number>>;

/** One thing that is measured: a load on a set-up. */
export interface Cell<P extends CellParams = CellParams> {
  /** Unique within its question, and what its row is called. */
  readonly label: string;
  readonly params: P;
}

/** By name, the unit last: `endToEndP99Ms`, `paymentsPerSecond`. */
export type Measures = Readonly<Record<string, number>>;

/** What the auditor has to say of a run before its measures count. */
export type Audit = Pick<
  Verdict,
  "published" | "completed" | "failed" | "paidTwice" | "lost" | "contradicting" | "failedButPaid"
> & {
  /** Without an outcome at the end. */
  readonly open: number;
};

export interface Audited {
  readonly measures: Measures;
  readonly audit: Audit;
}

export interface RunContext {
  readonly signal: AbortSignal;
  /** Seconds instead of minutes: shows that it works, measures nothing. */
  readonly isQuick: boolean;
  readonly say: (line: string) => void;
  /** Where the service writes CPU profiles; absent: none are wanted, and none disturb the measures. */
  readonly profiles?: string;
}

export interface Target {
  /** The cell's label. */
  readonly cell: string;
  readonly measure: string;
  readonly comparison: "<" | "<=" | ">=";
  readonly value: number;
  /** Another cell's label: the value is how many times that cell's measure. */
  readonly timesOf?: string;
}

/** A column of the table: not every measure that is stored is worth one. */
export interface Column {
  readonly measure: string;
  readonly title: string;
}

export interface Plot {
  /** The picture's file is NAME-`id`.svg. */
  readonly id: string;
  readonly title: string;
  /** What is on the x axis: a cell's parameter, or its label. */
  readonly x: { readonly param: string; readonly title: string };
  readonly y: { readonly title: string; readonly isLog?: boolean };
  /** One line or bar each, named by `title`. */
  readonly series: readonly Column[];
  /** A parameter that splits the plot side by side. */
  readonly facet?: string;
  readonly mark: "line" | "bar";
}

/** One question that `npm run bench -- NAME` answers; `S` is what its runs share. */
export interface Question<P extends CellParams = CellParams, S = unknown> {
  readonly name: string;
  /** One sentence: what the numbers answer. */
  readonly asks: string;
  /** What must be known to read the numbers; Markdown. */
  readonly notes?: string;
  readonly cells: readonly Cell<P>[];
  readonly columns: readonly Column[];
  readonly targets: readonly Target[];
  readonly plots: readonly Plot[];
  /** Of all its runs together; nine minutes unless it has to be longer. */
  readonly runMaxMs?: number;
  /** An upper bound of one run of one cell; none is begun that could end after `runMaxMs`. */
  readonly cellMaxMs: number;
  /** Makes what takes longer than a run and all of them share, once, before the first; put away after the last, or at once. */
  prepare?(context: RunContext): Promise<S & AsyncDisposable>;
  /** Measures a cell once, in a world of its own, warm-up apart, and has it audited. `shared` is what `prepare` made. */
  run(cell: Cell<P>, context: RunContext, shared: S): Promise<Audited>;
}
