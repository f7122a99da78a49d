/**
 * PromQL from the catalogue: a metric is named by its key, so that renaming it, or a label of it, is an error here and
 * not an empty panel. Counters can only be rated, gauges never summed.
 */
import { catalogue } from "../../src/metrics/catalogue/catalogue.ts";
import type { Definition } from "../../src/metrics/definition.ts";

type Catalogue = typeof catalogue;
type KeyOf<Kind extends Definition["kind"]> = {
  [K in keyof Catalogue]: Catalogue[K]["kind"] extends Kind ? K : never;
}[keyof Catalogue];
export type CounterKey = KeyOf<"counter">;
export type GaugeKey = KeyOf<"gauge">;
export type HistogramKey = KeyOf<"histogram">;
type Key = keyof Catalogue;

type LabelsOf<K extends Key> = Catalogue[K]["labels"];
type ValueOf<L> = L extends readonly (infer V)[] ? V : string;
type By<K extends Key> = readonly ((keyof LabelsOf<K> & string) | "instance")[];
type Where<K extends Key> = {
  readonly [L in keyof LabelsOf<K>]?: ValueOf<LabelsOf<K>[L]> | readonly ValueOf<LabelsOf<K>[L]>[];
};

/** Which series of a metric, and by which labels they are kept apart. */
export interface Choice<K extends Key> {
  readonly by?: By<K>;
  readonly where?: Where<K>;
  /** A label that the board's variable of the same name chooses. */
  readonly chosen?: keyof LabelsOf<K> & string;
}

/** What the boards' variables choose. */
export const CHOSEN_JOB = 'job=~"$job"';
export const CHOSEN = `${CHOSEN_JOB},instance=~"$instance"`;
const RATE_WINDOW = "$__rate_interval";

/** The metric's series of the chosen instances. */
export function series<K extends Key>(key: K, choice: Choice<K> = {}): string {
  return select(catalogue[key].name, choice);
}

/** `sum by (…) (rate(…))` of a counter. */
export function perSecond<K extends CounterKey>(key: K, choice: Choice<K> = {}): string {
  return `sum${grouped(choice)} (rate(${series(key, choice)}[${RATE_WINDOW}]))`;
}

/** How much a counter grew within the window. */
export function grown<K extends CounterKey>(
  key: K,
  choice: Choice<K> = {},
  window: "$__rate_interval" | "$__range" = RATE_WINDOW,
): string {
  return `sum${grouped(choice)} (increase(${series(key, choice)}[${window}]))`;
}

/** A gauge as the highest of what the instances report: those of the database report the same. */
export function highest<K extends GaugeKey>(key: K, choice: Choice<K> = {}): string {
  return `max${grouped(choice)} (${series(key, choice)})`;
}

/** The same where the least is the worst. */
export function lowest<K extends GaugeKey>(key: K, choice: Choice<K> = {}): string {
  return `min${grouped(choice)} (${series(key, choice)})`;
}

/** Seconds since a gauge's timestamp; nothing where it never was. */
export function secondsSince<K extends GaugeKey>(key: K, choice: Choice<K> = {}): string {
  return `time() - max${grouped(choice)} (${series(key, choice)} > 0)`;
}

/** How fast a histogram's sum, or count, grows. */
export function growthOf<K extends HistogramKey>(
  part: "sum" | "count",
  key: K,
  choice: Choice<K> = {},
): string {
  return `sum${grouped(choice)} ${rateOf(part, key, choice)}`;
}

/** The arithmetic mean of what was observed. */
export function meanOf<K extends HistogramKey>(key: K, choice: Choice<K> = {}): string {
  return `${growthOf("sum", key, choice)} / ${growthOf("count", key, choice)}`;
}

/** An estimate from the buckets; never a mean of percentiles. */
export function quantileOf<K extends HistogramKey>(
  quantile: number,
  key: K,
  choice: Choice<K> = {},
): string {
  const by = [...(choice.by ?? []), "le"];
  return `histogram_quantile(${quantile}, sum${grouped({ by })} ${rateOf("bucket", key, choice)})`;
}

/** What was observed at or under a bucket's bound, per second; by `le` where there are several bounds. */
export function atMost<K extends HistogramKey>(
  bounds: readonly number[],
  key: K,
  choice: Choice<K> = {},
): string {
  const by = bounds.length > 1 ? ["le"] : [];
  const within = `le=~"${boundsPattern(bounds)}"`;
  return `sum${grouped({ by })} ${rateOf("bucket", key, choice, [within])}`;
}

/** How many were observed within the window, bucket by bucket: a heatmap. */
export function bucketsOf<K extends HistogramKey>(key: K, choice: Choice<K> = {}): string {
  const buckets = select(`${catalogue[key].name}_bucket`, choice);
  return `sum by (le) (increase(${buckets}[${RATE_WINDOW}]))`;
}

/** For counts, never for latencies: nothing counted yet is 0 and not "no data". */
export function orZero(expr: string, label?: { readonly name: string; readonly value: string }) {
  const zero = label
    ? `label_replace(vector(0), "${label.name}", "${label.value}", "", "")`
    : "vector(0)";
  return `${expr} or on () ${zero}`;
}

interface AnyChoice {
  readonly by?: readonly string[];
  readonly where?: Readonly<Record<string, unknown>>;
  readonly chosen?: string;
}

function rateOf(
  part: "sum" | "count" | "bucket",
  key: HistogramKey,
  choice: AnyChoice,
  more: readonly string[] = [],
): string {
  return `(rate(${select(`${catalogue[key].name}_${part}`, choice, more)}[${RATE_WINDOW}]))`;
}

/** Prometheus 3 writes the bound 3 as 3.0; both are meant. */
function boundsPattern(bounds: readonly number[]): string {
  const all = bounds.map((bound) => String(bound).replace(".", "[.]")).join("|");
  return `${bounds.length > 1 ? `(${all})` : all}([.]0)?`;
}

function select(name: string, { where = {}, chosen }: AnyChoice, more: readonly string[] = []) {
  const matchers = Object.entries(where).map(([label, value]) =>
    Array.isArray(value) ? `${label}=~"${value.join("|")}"` : `${label}="${String(value)}"`,
  );
  const byVariable = chosen === undefined ? [] : [`${chosen}=~"$${chosen}"`];
  return `${name}{${[CHOSEN, ...matchers, ...byVariable, ...more].join(",")}}`;
}

function grouped({ by = [] }: AnyChoice): string {
  return by.length === 0 ? "" : ` by (${by.join(", ")})`;
}
