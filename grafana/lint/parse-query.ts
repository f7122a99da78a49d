import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** A metric as a query asks for it, with what stands around it, the nearest first. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** As written between the brackets; absent for an instant vector. */
  readonly range?: string;
  readonly functions: readonly string[];
  readonly aggregations: readonly Aggregation[];
}

export interface Aggregation {
  /** Where it stands in the query: the same for all that it aggregates. */
  readonly place: number;
  readonly operator: string;
  readonly by: readonly string[];
}

export interface ParsedQuery {
  /** What PromQL's own grammar cannot read, by its place. */
  readonly errors: readonly string[];
  readonly selectors: readonly Selector[];
}

/** Grafana's intervals as durations, none of which anybody would write. */
const INTERVALS = { $__rate_interval: "7919s", $__range: "7927s" } as const;

/** Reads a panel's query with Prometheus' own grammar. */
export function parseQuery(expr: string): ParsedQuery {
  const text = Object.entries(INTERVALS).reduce(
    (filled, [name, duration]) => filled.replaceAll(name, duration),
    expr,
  );
  const errors: string[] = [];
  const selectors: Selector[] = [];
  parser.parse(text).iterate({
    enter({ node }) {
      if (node.type.isError)
        errors.push(`unreadable at “${text.slice(node.from, node.from + 20)}”`);
      if (node.name === "VectorSelector") selectors.push(readSelector(node, text));
    },
  });
  return { errors, selectors };
}

function readSelector(node: SyntaxNode, text: string): Selector {
  const read = ({ from, to }: SyntaxNode) => text.slice(from, to);
  const name = node.getChild("Identifier");
  const matchers = (node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? []).map(
    (matcher): Matcher => ({
      label: textOf(matcher.getChild("LabelName"), text),
      operator: textOf(matcher.getChild("MatchOp"), text),
      value: textOf(matcher.getChild("StringLiteral"), text).slice(1, -1),
    }),
  );
  const functions: string[] = [];
  const aggregations: Aggregation[] = [];
  let range: string | undefined;
  for (let up = node.parent; up; up = up.parent) {
    if (up.name === "FunctionCall") functions.push(textOf(up.getChild("FunctionIdentifier"), text));
    if (up.name === "AggregateExpr") aggregations.push(readAggregation(up, text));
    if (up.name === "MatrixSelector") range ??= rangeOf(up, text);
  }
  return {
    metric: name ? read(name) : "",
    matchers,
    functions,
    aggregations,
    ...(range !== undefined && { range }),
  };
}

function readAggregation(node: SyntaxNode, text: string): Aggregation {
  const labels = node.getChild("AggregateModifier")?.getChild("GroupingLabels");
  return {
    place: node.from,
    operator: textOf(node.getChild("AggregateOp"), text),
    by: (labels?.getChildren("LabelName") ?? []).map((label) => textOf(label, text)),
  };
}

function rangeOf(matrix: SyntaxNode, text: string): string {
  const written = textOf(matrix.getChild("DurationExpr"), text);
  const [name] = Object.entries(INTERVALS).find(([, duration]) => duration === written) ?? [
    written,
  ];
  return name;
}

function textOf(node: SyntaxNode | null | undefined, text: string): string {
  return node ? text.slice(node.from, node.to) : "";
}
