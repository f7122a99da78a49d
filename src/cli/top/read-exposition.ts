/** One line of what `/metrics` answers. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Name and labels as they were written: the same in every answer of one process. */
  readonly key: string;
  /** Anything else is counted, and begins anew with its process. */
  readonly isGauge: boolean;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES: Readonly<Record<string, string>> = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };

/** Reads Prometheus' text format as this service renders it. A line of any other shape is passed over, as is a NaN. */
export function readExposition(text: string): readonly Sample[] {
  const gauges = new Set<string>();
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    const gauge = /^# TYPE (\S+) gauge$/.exec(line)?.[1];
    if (gauge !== undefined) gauges.add(gauge);
    const [, name, labels = "", value] = (line.startsWith("#") ? null : LINE.exec(line)) ?? [];
    const number = numberOf(value);
    if (name === undefined || Number.isNaN(number)) continue;
    samples.push({
      name,
      labels: readLabels(labels),
      value: number,
      key: `${name}{${labels}}`,
      isGauge: gauges.has(name),
    });
  }
  return samples;
}

function readLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [
    name,
    value.replaceAll(/\\./g, (escape) => ESCAPES[escape] ?? escape),
  ]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

function numberOf(text: string | undefined): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text ?? NaN);
}
