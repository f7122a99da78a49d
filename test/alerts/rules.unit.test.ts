import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { catalogue } from "../../src/metrics/catalogue/catalogue.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { loadConfig } from "../../src/config.ts";
import { readCases, readRules, type Alert } from "./read-rules.ts";

const BOARDS = ["payments-latency", "payments-pipeline", "payments-money", "payments-slo"];
const rules = readRules();
const alerts = rules.filter((rule): rule is Alert => "alert" in rule);
const cases = readCases();
const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading ?? "");

/** A GitHub page's anchor for a heading of one word. */
const anchorOf = (heading: string) => heading.toLowerCase();

describe.each(alerts)("$alert", ({ alert, annotations }) => {
  test("is tested quiet, then firing with its exact words, then quiet again", () => {
    const sequences = cases.map(({ alert_rule_test: looks }) =>
      looks
        .filter(({ alertname }) => alertname === alert)
        .map(({ exp_alerts: expected }) => (expected.length > 0 ? "fires" : "quiet"))
        .filter((look, index, all) => look !== all[index - 1]),
    );
    expect(sequences).toContainEqual(["quiet", "fires", "quiet"]);
    const words = cases
      .flatMap(({ alert_rule_test: looks }) => looks)
      .filter(({ alertname }) => alertname === alert)
      .flatMap(({ exp_alerts: expected }) => expected)
      .map(({ exp_annotations: annotations }) => Object.keys(annotations).toSorted());
    for (const keys of words) expect(keys).toEqual(Object.keys(annotations).toSorted());
  });

  test("leads to a section of the runbook that names it, and to a board", () => {
    const [page, anchor] = annotations.runbook_url.split("#");
    expect(page).toBe("docs/runbook.md");
    expect(headings.map(anchorOf)).toContain(anchor);
    const section = runbook.split(/^## /m).find((text) => anchorOf(text).startsWith(`${anchor}\n`));
    expect(section).toContain(alert);
    expect(BOARDS.map((uid) => `/d/${uid}`)).toContain(annotations.dashboard_url);
  });
});

test("every rule asks for metrics that the service has", () => {
  const known = new Set<string>(Object.values(catalogue).map(({ name }) => name));
  const asked = rules.flatMap(({ expr }) =>
    [...expr.matchAll(/(?<!job:)\bpayments_\w+/g)].map(([name]) =>
      known.has(name) ? name : name.replace(/_(bucket|count|sum)$/, ""),
    ),
  );
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
  const recorded = rules.flatMap((rule) => ("record" in rule ? [rule.record] : []));
  const used = rules.flatMap(({ expr }) => expr.match(/job:payments_[\w:]+/g) ?? []);
  expect(used.filter((name) => !recorded.includes(name))).toEqual([]);
});

test("every section of the runbook that is an alert's is led to", () => {
  const led = alerts.map(({ annotations }) => annotations.runbook_url.split("#")[1]);
  const sections = headings.filter((heading) => heading.startsWith("Payments")).map(anchorOf);
  expect(sections.filter((section) => !led.includes(section))).toEqual([]);
});

test("the fastest burn can be reached, and in time is what the service promises by default", async () => {
  const SLO_MS = defaultSloMs();
  const { text } = await createMetrics({ sloMs: SLO_MS }).render();
  const objective = Number(/^payments_slo_objective_ratio (\S+)$/m.exec(text)?.[1]);
  expect(14.4 * (1 - objective)).toBeLessThan(1);
  const bound = `le=~"${SLO_MS / 1_000}([.]0)?"`;
  for (const { expr } of rules.filter(({ expr }) =>
    expr.includes("payments_end_to_end_duration_seconds_bucket"),
  )) {
    expect(expr).toContain(bound);
  }
  expect(text).toContain(`payments_end_to_end_duration_seconds_bucket{le="${SLO_MS / 1_000}"`);
});

function defaultSloMs(): number {
  return loadConfig({
    DATABASE_URL: "postgres://postgres@127.0.0.1/gigstream",
    KAFKA_BROKERS: "127.0.0.1:9092",
    SCHEMA_REGISTRY_URL: "http://127.0.0.1:8081",
    PAYMENT_RAIL: "arc",
    PAY_ONCE_ADDRESS: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    ARC_RPC_URL: "http://127.0.0.1:8545",
    ARC_CHAIN_ID: "5042002",
    ARC_OPERATOR_PRIVATE_KEYS: "1".repeat(64),
  }).SLO_MS;
}
