import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type {
  CounterDefinition,
  Definition,
  GaugeDefinition,
  HistogramDefinition,
  LabelSets,
} from "./definition.ts";

/** One value per label; of a closed label, one of its list. */
export type Labels<L extends LabelSets> = {
  readonly [K in keyof L]: L[K] extends readonly (infer V)[] ? V : string;
};

export interface CounterInstrument<L extends LabelSets> {
  add(labels: Labels<L>, count?: number): void;
}
export interface GaugeInstrument<L extends LabelSets> {
  set(labels: Labels<L>, value: number): void;
  /** What is not listed is no longer shown; of closed labels, it is 0. */
  replace(rows: readonly { readonly labels: Labels<L>; readonly value: number }[]): void;
}
export interface HistogramInstrument<L extends LabelSets> {
  /** `traceId` becomes the exemplar that leads from the bucket to a trace. */
  observe(labels: Labels<L>, value: number, traceId?: string): void;
}

export type Instrument<D extends Definition> =
  D extends HistogramDefinition<infer L>
    ? HistogramInstrument<L>
    : D extends CounterDefinition<infer L>
      ? CounterInstrument<L>
      : D extends GaugeDefinition<infer L>
        ? GaugeInstrument<L>
        : never;

export type Instruments<C extends Readonly<Record<string, Definition>>> = {
  readonly [K in keyof C]: Instrument<C[K]>;
};

/** Makes them all in the registry, each at 0 for every combination of closed labels. Using one never throws: no payment may fail by it. */
export function createInstruments<C extends Readonly<Record<string, Definition>>>(
  registry: Registry,
  definitions: C,
): Instruments<C> {
  const instruments = Object.entries(definitions).map(([key, definition]) => [
    key,
    createInstrument(registry, definition),
  ]);
  return Object.fromEntries(instruments) as Instruments<C>;
}

type PlainLabels = Readonly<Record<string, string>>;

function createInstrument(registry: Registry, definition: Definition) {
  const { name, help, labels } = definition;
  const options = { name, help, labelNames: Object.keys(labels), registers: [registry] };
  const known = combinationsOf(labels);
  switch (definition.kind) {
    case "counter": {
      const made = new Counter(options);
      for (const each of known) made.inc(each, 0);
      return {
        add: (each: PlainLabels, count = 1) => harmlessly(() => made.inc({ ...each }, count)),
      };
    }
    case "gauge": {
      const made = new Gauge(options);
      for (const each of known) made.set(each, 0);
      return {
        set: (each: PlainLabels, value: number) => harmlessly(() => made.set({ ...each }, value)),
        replace: (rows: readonly { labels: PlainLabels; value: number }[]) =>
          harmlessly(() => {
            made.reset();
            for (const each of known) made.set(each, 0);
            for (const row of rows) made.set({ ...row.labels }, row.value);
          }),
      };
    }
    case "histogram": {
      const made = new Histogram({
        ...options,
        buckets: [...definition.buckets],
        enableExemplars: true,
      });
      for (const each of known) made.zero(each);
      return {
        observe: (each: PlainLabels, value: number, traceId?: string) =>
          harmlessly(() => {
            const exemplar = traceId === undefined ? {} : { exemplarLabels: { trace_id: traceId } };
            made.observe({ labels: { ...each }, value, ...exemplar });
          }),
      };
    }
  }
}

/** Empty where a label is open: what it will be is not known. */
function combinationsOf(labels: LabelSets): Record<string, string>[] {
  let combinations: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    combinations = combinations.flatMap((each) =>
      (values ?? []).map((value) => ({ ...each, [label]: value })),
    );
  }
  return combinations;
}

/** prom-client throws on a number that is none; that is the metric's trouble and nobody else's. */
function harmlessly(record: () => void): void {
  try {
    record();
  } catch {
    // Seen as a value that does not move.
  }
}
