import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import type { BoardSpec } from "../boards/panel.ts";
import { panelsOf, queriesOf } from "../lint/committed-board.ts";
import { parseQuery } from "../lint/parse-query.ts";
import { fillVariables } from "./fill-variables.ts";
import type { PrometheusApi, Range, Series } from "./prometheus-api.ts";

/** One query of a board, and where it stands. */
export interface TriedQuery {
  readonly board: string;
  readonly panel: string;
  readonly query: string;
  /** Why it may be empty, in the board's own words. */
  readonly mayBeEmpty?: string;
}

export interface Trouble extends TriedQuery {
  readonly message: string;
}

/** Every query of a board: its panels' and its annotations'. */
export function queriesToTry(board: Dashboard, spec: BoardSpec): readonly TriedQuery[] {
  const reasons = new Map(
    spec.rows.flatMap(({ panels }) => panels.map(({ title, mayBeEmpty }) => [title, mayBeEmpty])),
  );
  const uid = board.uid ?? "";
  return [
    ...panelsOf(board).flatMap((panel) =>
      queriesOf(panel).map(({ expr }) => {
        const title = panel.title ?? "";
        const mayBeEmpty = reasons.get(title);
        return {
          board: uid,
          panel: title,
          query: expr,
          ...(mayBeEmpty !== undefined && { mayBeEmpty }),
        };
      }),
    ),
    ...(board.annotations.list ?? []).map(({ name, expr = "" }) => ({
      board: uid,
      panel: `annotation ${name}`,
      query: expr,
      mayBeEmpty: "marks are there when there is something to mark",
    })),
  ];
}

/** Asks each as Grafana would, at this moment and along the time; answers those that a person would see nothing of. */
export async function tryQueries(
  prometheus: PrometheusApi,
  queries: readonly TriedQuery[],
  range: Range,
): Promise<readonly Trouble[]> {
  const known = await prometheus.metricNames();
  const troubles: Trouble[] = [];
  for (const tried of queries) {
    const message = await troubleOf(prometheus, tried, { range, known });
    if (message !== undefined) troubles.push({ ...tried, message });
  }
  return troubles;
}

async function troubleOf(
  prometheus: PrometheusApi,
  { query, mayBeEmpty }: TriedQuery,
  { range, known }: { readonly range: Range; readonly known: ReadonlySet<string> },
): Promise<string | undefined> {
  const unknown = parseQuery(query).selectors.filter(({ metric }) => !known.has(metric));
  if (unknown.length > 0 && mayBeEmpty === undefined) {
    return `unknown metric ${unknown.map(({ metric }) => metric).join(", ")}`;
  }
  try {
    const filled = fillVariables(query);
    const answers = [await prometheus.instant(filled), await prometheus.range(filled, range)];
    return mayBeEmpty === undefined ? answers.map(emptiness).find(Boolean) : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function emptiness(series: readonly Series[]): string | undefined {
  if (series.length === 0) return "empty";
  const hasNumber = series.some(({ points }) => points.some(([, value]) => !Number.isNaN(value)));
  return hasNumber ? undefined : "nothing but NaN";
}
