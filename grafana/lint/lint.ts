import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import type { BoardSpec } from "../boards/panel.ts";
import { lintBoard } from "./board-rules.ts";
import { panelsOf } from "./committed-board.ts";
import type { Finding } from "./finding.ts";
import type { KnownMetrics } from "./known-metrics.ts";
import { lintPanel } from "./panel-rules.ts";
import { lintQueries } from "./query-rules.ts";

/** All that is wrong with a board. */
export function lint(board: Dashboard, known: KnownMetrics): readonly Finding[] {
  return [
    ...lintBoard(board),
    ...panelsOf(board).flatMap((panel) => [...lintPanel(panel), ...lintQueries(panel, known)]),
  ];
}

/** The rules that the board's source lets a panel break, each with its reason. */
export function excusesOf({ rows }: BoardSpec): ReadonlyMap<string, string> {
  const excuses = rows.flatMap(({ panels }) =>
    panels.flatMap(({ title, excused = {} }) =>
      Object.entries(excused).map(
        ([rule, reason]) => [excuseKey({ rule, panel: title }), reason] as const,
      ),
    ),
  );
  return new Map(excuses);
}

export function excuseKey({ rule, panel = "" }: Pick<Finding, "rule" | "panel">): string {
  return `${rule}: ${panel}`;
}
