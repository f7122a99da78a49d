import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { queriesOf } from "./committed-board.ts";
import type { Finding } from "./finding.ts";
import { kindOf, labelsOf, type KnownMetrics } from "./known-metrics.ts";
import { parseQuery, type Aggregation, type ParsedQuery, type Selector } from "./parse-query.ts";

interface Asked extends ParsedQuery {
  readonly expr: string;
  readonly exemplar: boolean;
}
type QueryRule = (query: Asked, known: KnownMetrics) => readonly string[];

const RATES = ["rate", "irate", "increase"];
/** Gauges that each instance has of its own, which may be summed. */
const OF_EACH_INSTANCE: Readonly<Record<string, string>> = {
  payments_lease_held: "each instance tells what it holds itself; the sum is how many hold it",
};

const eachSelector =
  (check: (selector: Selector, known: KnownMetrics) => string | undefined): QueryRule =>
  ({ selectors }, known) =>
    selectors.flatMap((selector) => check(selector, known) ?? []);

/** Named as grafana/dashboard-linter names them; those after the blank line are ours. Its rules for LogQL have nothing to look at. */
const QUERY_RULES: Readonly<Record<string, QueryRule>> = {
  "target-promql-rule": ({ errors }) => errors,
  "target-rate-interval-rule": eachSelector(({ metric, functions: [nearest], range }) =>
    (nearest === "rate" || nearest === "irate") && range !== "$__rate_interval"
      ? `${metric} is rated over ${range ?? "nothing"} and not $__rate_interval`
      : undefined,
  ),
  "target-job-rule": eachSelector((selector) => missingChoice(selector, "job")),
  "target-instance-rule": eachSelector((selector) => missingChoice(selector, "instance")),
  "target-counter-agg-rule": eachSelector(({ metric, functions: [nearest = ""] }) =>
    metric.endsWith("_total") && !RATES.includes(nearest)
      ? `${metric} is shown as it is: only its growth says something`
      : undefined,
  ),

  "metric-known-rule": eachSelector(({ metric }, known) =>
    known.has(metric) ? undefined : `nothing is called ${metric}`,
  ),
  "label-known-rule": ({ selectors }, known) => [
    ...selectors.flatMap(({ metric, matchers }) =>
      matchers
        .filter(({ label }) => labelsOf(metric, known)?.has(label) === false)
        .map(({ label }) => `${metric} has no ${label}`),
    ),
    ...selectors.flatMap(({ metric, aggregations: [nearest] }) =>
      (nearest?.by ?? [])
        .filter((label) => selectors.every((other) => !mayHave(label, other, nearest, known)))
        .map((label) => `${metric} is kept apart by ${label}, which it has not`),
    ),
  ],
  "rate-counters-rule": eachSelector(({ metric, functions: [nearest = ""] }, known) =>
    RATES.includes(nearest) && kindOf(metric, known) === "gauge"
      ? `${metric} is a gauge and has no rate`
      : undefined,
  ),
  "gauge-sum-rule": eachSelector(({ metric, aggregations: [nearest] }, known) =>
    nearest?.operator === "sum" &&
    kindOf(metric, known) === "gauge" &&
    !(metric in OF_EACH_INSTANCE)
      ? `${metric} is summed, though every instance reports the same`
      : undefined,
  ),
  "quantile-le-rule": eachSelector(({ metric, functions, aggregations: [nearest] }) =>
    functions.includes("histogram_quantile") && !nearest?.by.includes("le")
      ? `the quantile of ${metric} is not by le`
      : undefined,
  ),
  "bound-spelling-rule": eachSelector(({ metric, matchers }) =>
    matchers.some(({ label, operator, value }) => label === "le" && !isLenient(operator, value))
      ? `${metric} is asked for one spelling of a bound: Prometheus 3 writes 3 as 3.0`
      : undefined,
  ),
  "exemplar-rule": ({ expr, exemplar }) =>
    /histogram_quantile\(0\.99.*_(end_to_end|stage)_duration/.test(expr) && !exemplar
      ? ["shows no exemplars, which lead to traces"]
      : [],
};

/** What is wrong with a panel's queries. A gauge that shows the present needs no exemplars. */
export function lintQueries(panel: Panel, known: KnownMetrics): readonly Finding[] {
  return queriesOf(panel).flatMap(({ expr, refId, exemplar, instant }) => {
    const asked = { ...parseQuery(expr), expr, exemplar: exemplar === true || instant === true };
    return Object.entries(QUERY_RULES).flatMap(([rule, check]) =>
      check(asked, known).map((message) => ({
        rule,
        panel: panel.title ?? "",
        message: `${refId ?? "?"}: ${message}`,
      })),
    );
  });
}

/** Of what is aggregated together, one has the label, or it is a metric whose labels nobody lists. */
function mayHave(
  label: string,
  { metric, aggregations }: Selector,
  within: Aggregation | undefined,
  known: KnownMetrics,
): boolean {
  if (aggregations[0]?.place !== within?.place) return false;
  return labelsOf(metric, known)?.has(label) ?? true;
}

function missingChoice({ metric, matchers }: Selector, label: string): string | undefined {
  const isChosen = matchers.some(
    (matcher) =>
      matcher.label === label && matcher.operator === "=~" && matcher.value === `$${label}`,
  );
  return isChosen ? undefined : `${metric} ignores the chosen ${label}`;
}

function isLenient(operator: string, value: string): boolean {
  return operator === "=~" && value.endsWith("([.]0)?");
}
