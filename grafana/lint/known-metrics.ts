import { readdirSync, readFileSync } from "node:fs";
import { catalogue } from "../../src/metrics/catalogue/catalogue.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";

type Kind = "counter" | "gauge" | "recording";
export interface KnownMetric {
  readonly kind: Kind;
  /** Unknown for what is not ours. */
  readonly labels?: ReadonlySet<string>;
}
export type KnownMetrics = ReadonlyMap<string, KnownMetric>;

const RULES = new URL("../prometheus/rules/", import.meta.url);
/** Given by whoever scrapes. */
const SCRAPED = ["job", "instance"];
const PARTS = ["_bucket", "_sum", "_count"];

/** Everything that a query may name: what the service answers, what the rules record, and alerts. */
export async function readKnownMetrics(): Promise<KnownMetrics> {
  const known = new Map<string, KnownMetric>([["ALERTS", { kind: "gauge" }]]);
  const { text } = await createMetrics({ sloMs: 3_000 }).render();
  for (const [, name = "", type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    if (type !== "histogram" && type !== "summary") {
      known.set(name, { kind: type === "gauge" ? "gauge" : "counter" });
    } else for (const part of PARTS) known.set(`${name}${part}`, { kind: "counter" });
  }
  for (const { name, kind, labels } of Object.values(catalogue)) {
    const its = [...Object.keys(labels), ...SCRAPED];
    if (kind === "histogram") {
      for (const part of PARTS) {
        const all = part === "_bucket" ? [...its, "le"] : its;
        known.set(`${name}${part}`, { kind: "counter", labels: new Set(all) });
      }
    } else known.set(name, { kind, labels: new Set(its) });
  }
  for (const [, name = ""] of readRules().matchAll(/\brecord: *"?([\w:]+)/g)) {
    known.set(name, { kind: "recording" });
  }
  return known;
}

/** The text of all rules. */
export function readRules(): string {
  return readdirSync(RULES)
    .map((name) => readFileSync(new URL(name, RULES), "utf8"))
    .join("\n");
}

export function kindOf(metric: string, known: KnownMetrics): Kind | undefined {
  return known.get(metric)?.kind;
}

export function labelsOf(metric: string, known: KnownMetrics): ReadonlySet<string> | undefined {
  return known.get(metric)?.labels;
}
