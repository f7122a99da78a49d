import { z } from "zod";

const QUERY_TIMEOUT_MS = 10_000;

const value = z.tuple([z.number(), z.string()]);
const series = z.object({
  metric: z.record(z.string(), z.string()),
  value: value.optional(),
  values: z.array(value).optional(),
});
const answer = z.object({ data: z.object({ result: z.array(series) }) });
const names = z.object({ data: z.array(z.string()) });
const groups = z.object({
  data: z.object({ groups: z.array(z.object({ name: z.string(), lastEvaluation: z.string() })) }),
});

/** A series of an answer; an instant query's has one point. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the value then. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Range {
  readonly startS: number;
  readonly endS: number;
  readonly stepS: number;
}

/** What the harness asks of a Prometheus; its refusals are errors that carry its words. */
export interface PrometheusApi {
  instant(query: string): Promise<readonly Series[]>;
  range(query: string, range: Range): Promise<readonly Series[]>;
  metricNames(): Promise<ReadonlySet<string>>;
  /** Groups of rules that were not evaluated yet. */
  unevaluated(): Promise<readonly string[]>;
}

export function prometheusApi(url: string): PrometheusApi {
  const ask = async (path: string, parameters: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(
      `${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`,
      {
        signal: AbortSignal.timeout(QUERY_TIMEOUT_MS),
      },
    );
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text) as unknown;
  };
  return {
    async instant(query) {
      return seriesOf(await ask("query", { query }));
    },
    async range(query, { startS, endS, stepS }) {
      const times = { start: String(startS), end: String(endS), step: String(stepS) };
      return seriesOf(await ask("query_range", { query, ...times }));
    },
    async metricNames() {
      return new Set(names.parse(await ask("label/__name__/values")).data);
    },
    async unevaluated() {
      return groups
        .parse(await ask("rules"))
        .data.groups.filter(({ lastEvaluation }) => lastEvaluation.startsWith("0001"))
        .map(({ name }) => name);
    },
  };
}

function seriesOf(text: unknown): readonly Series[] {
  return answer.parse(text).data.result.map(({ metric, value, values }) => ({
    labels: metric,
    points: (values ?? (value ? [value] : [])).map(([at, number]) => [at, Number(number)] as const),
  }));
}
