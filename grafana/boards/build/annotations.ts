import { AnnotationQueryBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { processSeries } from "../process-series.ts";
import { highest, series } from "../promql.ts";
import { PROMETHEUS } from "./datasource.ts";

interface Mark {
  readonly name: string;
  readonly colour: string;
  readonly expr: string;
  readonly title: string;
}

/** A mark stands as long as this after what it marks. */
const NEW_FOR = "2m";

/** What may explain a bend in any line. */
const MARKS: readonly Mark[] = [
  {
    name: "Deployments",
    colour: "blue",
    expr: `count by (version, commit) (${series("build")}) unless on (version, commit) count by (version, commit) (${series("build")} offset ${NEW_FOR})`,
    title: "{{version}} {{commit}}",
  },
  {
    name: "Restarts",
    colour: "orange",
    expr: `changes(${processSeries("startedAt")}[${NEW_FOR}]) > 0`,
    title: "{{instance}} started anew",
  },
  {
    name: "Firing alerts",
    colour: "red",
    expr: 'ALERTS{alertname=~"Payments.*",alertstate="firing"}',
    title: "{{alertname}}",
  },
  {
    name: "Pauses",
    colour: "purple",
    expr: `${highest("paused", { by: ["scope"] })} > 0`,
    title: "dispatch is paused: {{scope}}",
  },
];

export function annotations(): AnnotationQueryBuilder[] {
  return MARKS.map(({ name, colour, expr, title }) =>
    new AnnotationQueryBuilder()
      .name(name)
      .datasource(PROMETHEUS)
      .enable(true)
      .iconColor(colour)
      .expr(expr)
      .step("30s")
      .titleFormat(title),
  );
}
