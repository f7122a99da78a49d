import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { flowMetrics } from "../src/metrics/catalogue/flow.ts";
import { kafkaMetrics } from "../src/metrics/catalogue/kafka.ts";
import { latencyMetrics } from "../src/metrics/catalogue/latency.ts";
import { moneyMetrics } from "../src/metrics/catalogue/money.ts";
import { processMetrics } from "../src/metrics/catalogue/process.ts";
import { webhookMetrics } from "../src/metrics/catalogue/webhooks.ts";
import { createMetrics } from "../src/metrics/create-metrics.ts";
import type { Definition, LabelSets } from "../src/metrics/definition.ts";

const PAGE = "docs/metrics.md";
const SOURCES = "src/metrics/catalogue";

const INTRODUCTION = `# Metrics

Generated from [\`${SOURCES}/\`](../${SOURCES}/) by \`npm run metrics-page\`; \`npm run check\` compares them.

\`http://…:METRICS_PORT/metrics\` shows these, as Prometheus' text or, to whoever asks for it, as OpenMetrics with exemplars. Rendering never asks a
database, Kafka or the chain: what has to be asked is gathered beside the line every 5 s, and \`payments_sampler_last_success_timestamp_seconds\` says
how old it is. A figure that cannot be gathered stays as it was. Where a help says that every instance reports the same, aggregate with \`max\`, never
with \`sum\`. Labels whose values are listed are all there from the start, as 0; of the others there is a series once there is something to say.
Never is an id, a worker, a task or a message a label.
`;

const GROUPS: readonly { title: string; file: string; metrics: Record<string, Definition> }[] = [
  { title: "Latency", file: "latency.ts", metrics: latencyMetrics },
  { title: "Flow", file: "flow.ts", metrics: flowMetrics },
  { title: "Kafka, dead letters and outbox", file: "kafka.ts", metrics: kafkaMetrics },
  { title: "Chain and money", file: "money.ts", metrics: moneyMetrics },
  { title: "Webhooks", file: "webhooks.ts", metrics: webhookMetrics },
  { title: "Process", file: "process.ts", metrics: processMetrics },
];

/** `node scripts/metrics-page.ts` writes the page; with `--check` it exits with 1 where the page is not what the catalogue says. */
async function main(check: boolean): Promise<number> {
  const file = fileURLToPath(new URL(`../${PAGE}`, import.meta.url));
  const page = [INTRODUCTION, ...GROUPS.map(groupText), await defaultsText()].join("\n");
  if (existsSync(file) && readFileSync(file, "utf8") === page) return 0;
  if (!check) writeFileSync(file, page);
  console.log(
    check ? `${PAGE} is not what the catalogue says: run npm run metrics-page` : `wrote ${PAGE}`,
  );
  return check ? 1 : 0;
}

function groupText({ title, file, metrics }: (typeof GROUPS)[number]): string {
  const rows = Object.values(metrics).map((metric) => [
    `\`${metric.name}\``,
    metric.kind,
    labelsText(metric.labels),
    unitOf(metric),
    helpText(metric),
  ]);
  const source = `Source: [\`${file}\`](../${SOURCES}/${file}).`;
  return `## ${title}\n\n${source}\n\n${table(["metric", "type", "labels", "unit", "meaning"], rows)}`;
}

function labelsText(labels: LabelSets): string {
  return Object.entries(labels)
    .map(([label, values]) =>
      values === null
        ? `\`${label}\``
        : `\`${label}\`: ${values.map((value) => `\`${value}\``).join(" ")}`,
    )
    .join("; ");
}

function helpText(metric: Definition): string {
  if (metric.kind !== "histogram") return metric.help;
  return `${metric.help} Buckets: ${metric.buckets.join(" ")}.`;
}

/** Said where a name's end does not say it. */
function unitOf({ name, unit }: Pick<Definition, "name" | "unit">): string {
  if (unit !== undefined) return unit;
  if (name.endsWith("_timestamp_seconds")) return "Unix time in s";
  if (/_seconds(_total)?$/.test(name)) return "s";
  if (name.endsWith("_bytes")) return "bytes";
  if (name.endsWith("_ratio")) return "0 to 1";
  return "count";
}

/** What prom-client itself adds of the process, as it is rendered here. */
async function defaultsText(): Promise<string> {
  const { text } = await createMetrics({ sloMs: 3_000 }).render();
  const ours = new Set(
    GROUPS.flatMap(({ metrics }) => Object.values(metrics).map(({ name }) => name)),
  );
  const kinds = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind]),
  );
  const rows = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].flatMap(([, name = "", help = ""]) =>
    ours.has(name) ? [] : [[`\`${name}\``, kinds.get(name) ?? "", unitOf({ name }), help]],
  );
  const source =
    "What prom-client adds of the process. `nodejs_eventloop_lag_seconds` measures the rendering of the scrape before: go by\n`nodejs_eventloop_lag_p99_seconds`, which reads about 0.01 in an idle process.";
  return `## Node\n\n${source}\n\n${table(["metric", "type", "unit", "meaning"], rows)}`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return `${line(heads)}|${"---|".repeat(heads.length)}\n${rows.map(line).join("")}`;
}

process.exitCode = await main(process.argv.includes("--check"));
