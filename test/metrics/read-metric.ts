import type { Metrics } from "../../src/metrics/create-metrics.ts";

/** What `/metrics` shows of one series, named as it stands there: `payments_open{state="planned"}`; undefined: nothing. */
export async function shownOf(metrics: Metrics, series: string): Promise<number | undefined> {
  const { text } = await metrics.render();
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

/** All series of a metric, by their labels as they stand there. */
export async function allOf(metrics: Metrics, name: string): Promise<Record<string, number>> {
  const { text } = await metrics.render();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf("}") + 1;
      return [line.slice(name.length, end), Number(line.slice(end))];
    }),
  );
}
