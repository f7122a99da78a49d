import type {
  Dashboard,
  GridPos,
  Panel,
  Threshold,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import { panelsOf, queriesOf } from "../lint/committed-board.ts";
import { fillVariables } from "../try/fill-variables.ts";
import type { PrometheusApi, Range, Series } from "../try/prometheus-api.ts";

interface DrawnSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** One for each of the board's times; null where there is none. */
  readonly values: readonly (number | null)[];
}

interface DrawnPanel {
  readonly type: string;
  readonly title: string;
  readonly unit: string;
  readonly place: GridPos;
  readonly steps: readonly Threshold[];
  readonly max: number | null;
  readonly noValue: string | null;
  readonly isStacked: boolean;
  readonly series: readonly DrawnSeries[];
}

/** All that the page needs to draw a board. */
export interface DrawnBoard {
  readonly title: string;
  readonly question: string;
  readonly times: readonly number[];
  readonly rows: readonly { readonly title: string; readonly place: GridPos }[];
  readonly panels: readonly DrawnPanel[];
}

const NOWHERE: GridPos = { x: 0, y: 0, w: 1, h: 1 };

/** The board with what Prometheus answers to its queries. */
export async function drawnBoard(
  prometheus: PrometheusApi,
  board: Dashboard,
  range: Range,
): Promise<DrawnBoard> {
  const times: number[] = [];
  for (let at = range.startS; at <= range.endS; at += range.stepS) times.push(at);
  const panels: DrawnPanel[] = [];
  for (const panel of panelsOf(board)) {
    const series: DrawnSeries[] = [];
    for (const query of queriesOf(panel)) {
      series.push(...(await answerTo(prometheus, query, { range, times })));
    }
    panels.push({ ...looksOf(panel), series });
  }
  return {
    title: board.title ?? "",
    question: board.description ?? "",
    times,
    rows: (board.panels ?? [])
      .filter(({ type }) => type === "row")
      .map(({ title, gridPos }) => ({ title: title ?? "", place: gridPos ?? NOWHERE })),
    panels,
  };
}

function looksOf({ type, title, gridPos, fieldConfig }: Panel): Omit<DrawnPanel, "series"> {
  const { unit, thresholds, max, noValue, custom } = fieldConfig?.defaults ?? {};
  const { stacking } = (custom ?? {}) as { stacking?: { mode?: string } };
  return {
    type,
    title: title ?? "",
    unit: unit ?? "none",
    place: gridPos ?? NOWHERE,
    steps: thresholds?.steps ?? [],
    max: max ?? null,
    noValue: noValue ?? null,
    isStacked: stacking?.mode === "normal",
  };
}

async function answerTo(
  prometheus: PrometheusApi,
  { expr, legendFormat = "", instant }: Dataquery,
  { range, times }: { readonly range: Range; readonly times: readonly number[] },
): Promise<readonly DrawnSeries[]> {
  const query = fillVariables(expr);
  const answer = instant ? await prometheus.instant(query) : await prometheus.range(query, range);
  return answer.map(({ labels, points }) => ({
    name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? ""),
    labels,
    values: instant ? points.map(finite) : alongTimes(points, times),
  }));
}

function alongTimes(points: Series["points"], times: readonly number[]): (number | null)[] {
  const byTime = new Map(points.map((point) => [point[0], finite(point)]));
  return times.map((at) => byTime.get(at) ?? null);
}

function finite([, value]: readonly [number, number]): number | null {
  return Number.isFinite(value) ? value : null;
}
