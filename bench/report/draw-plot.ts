import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Plot } from "../question.ts";
import type { ResultFile } from "../run/result-file.ts";

/** A point of a plot: the median over the rounds, and their least and most. */
export interface Point {
  readonly series: string;
  readonly x: string | number;
  readonly facet: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What of a result is in a plot; cells without the plot's parameter, or without the measure, are not. */
export function pointsOf(plot: Plot, { cells }: Pick<ResultFile, "cells">): Point[] {
  return cells.flatMap(({ label, params, measures }) => {
    const x = plot.x.param === "label" ? label : params[plot.x.param];
    if (x === undefined) return [];
    return plot.series.flatMap(({ measure, title }) => {
      const spread = measures[measure];
      const facet = plot.facet === undefined ? "" : String(params[plot.facet] ?? "");
      return spread ? [{ series: title, x, facet, ...spread }] : [];
    });
  });
}

const FACET_WIDTH = 320;

/** Draws it as SVG, without a browser. */
export async function drawPlot(plot: Plot, points: readonly Point[]): Promise<string> {
  const { spec } = compile(specOf(plot, points));
  const view = new View(parse(spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

function specOf(plot: Plot, points: readonly Point[]): TopLevelSpec {
  const isLine = plot.mark === "line";
  const x = {
    field: "x",
    title: plot.x.title,
    type: "ordinal",
    sort: null,
    axis: { labelAngle: isLine ? 0 : -30, labelLimit: 260 },
  } as const;
  const scale = plot.y.isLog ? { type: "log" } : { zero: true };
  const y = { field: "median", type: "quantitative", title: plot.y.title, scale } as const;
  const color = { field: "series", type: "nominal", title: null, sort: null } as const;
  const offset = isLine ? {} : { xOffset: { field: "series", sort: null } as const };
  const layer = [
    {
      mark: isLine ? { type: "line", point: true } : { type: "bar" },
      encoding: { x, y, color, ...offset },
    },
    {
      mark: { type: "rule", ...(!isLine && { color: "black" }) },
      encoding: {
        x,
        y: { ...y, field: "min" },
        y2: { field: "max" },
        ...offset,
        ...(isLine && { color }),
      },
    },
  ];
  const unit = { width: FACET_WIDTH, height: 240, layer };
  const body =
    plot.facet === undefined ? unit : { facet: { field: "facet", title: null }, spec: unit };
  return {
    title: plot.title,
    background: "white",
    data: { values: points.map((point) => ({ ...point })) },
    ...body,
  } as TopLevelSpec;
}
