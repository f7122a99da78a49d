import type { RunbookSection } from "./runbook.ts";

/** As Grafana names them; all of them are in its linter's list. */
export type Unit =
  | "s"
  | "h"
  | "d"
  | "percentunit"
  | "short"
  | "cps"
  | "bytes"
  | "none"
  | "bool_yes_no";

export interface Query {
  readonly expr: string;
  /** As `{{label}}`, or a text. */
  readonly legend: string;
  /** Points that lead to traces. */
  readonly exemplars?: boolean;
}

/** Where a value turns from fine over doubtful to bad, upwards or downwards. */
export interface Limits {
  readonly direction: "above" | "below";
  readonly doubtful?: number;
  readonly bad: number;
}

export type PanelKind =
  | "lines"
  | "stack"
  | "stat"
  | "gauge"
  | "bars"
  | "heatmap"
  | "table"
  | "timeline";

/** One question that a board answers, and what it is drawn from. */
export interface PanelSpec {
  readonly kind: PanelKind;
  readonly title: string;
  /** What is seen, in a sentence. */
  readonly shows: string;
  /** What trouble looks like. */
  readonly bad: string;
  /** Where to look next. */
  readonly next: string;
  readonly runbook: RunbookSection;
  readonly unit: Unit;
  /** Null: no value is good or bad by itself. */
  readonly limits: Limits | null;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: number;
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
  /** What stands where there is nothing. */
  readonly noValue?: string;
  /** Why the panel may rightly have no data while all is well. */
  readonly mayBeEmpty?: string;
  /** Rules of the linter that it breaks, each with the reason. */
  readonly excused?: Readonly<Record<string, string>>;
}

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

export interface BoardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly from: string;
  /** Whether its panels ask for `$stage`. */
  readonly hasStages: boolean;
  readonly rows: readonly RowSpec[];
}
