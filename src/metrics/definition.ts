/** Null: an open label, whose values are bounded by what feeds it. */
export type LabelSets = Readonly<Record<string, readonly string[] | null>>;

interface Described<L extends LabelSets> {
  readonly name: string;
  readonly help: string;
  /** For the page of all metrics, where the name's end does not say it. */
  readonly unit?: string;
  readonly labels: L;
}

export interface CounterDefinition<L extends LabelSets = LabelSets> extends Described<L> {
  readonly kind: "counter";
}
export interface GaugeDefinition<L extends LabelSets = LabelSets> extends Described<L> {
  readonly kind: "gauge";
}
export interface HistogramDefinition<L extends LabelSets = LabelSets> extends Described<L> {
  readonly kind: "histogram";
  readonly buckets: readonly number[];
}
export type Definition = CounterDefinition | GaugeDefinition | HistogramDefinition;

export function counter<const L extends LabelSets>(described: Described<L>): CounterDefinition<L> {
  return { kind: "counter", ...described };
}

export function gauge<const L extends LabelSets>(described: Described<L>): GaugeDefinition<L> {
  return { kind: "gauge", ...described };
}

export function histogram<const L extends LabelSets>(
  described: Described<L> & { readonly buckets: readonly number[] },
): HistogramDefinition<L> {
  return { kind: "histogram", ...described };
}
