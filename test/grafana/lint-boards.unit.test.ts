import { readFileSync } from "node:fs";
import type { Dashboard, Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { beforeAll, expect, test } from "vitest";
import { BOARDS } from "../../grafana/boards/all-boards.ts";
import { PROCESS_METRICS } from "../../grafana/boards/process-series.ts";
import { RUNBOOK_SECTIONS } from "../../grafana/boards/runbook.ts";
import { panelsOf, queriesOf, readBoard } from "../../grafana/lint/committed-board.ts";
import {
  readKnownMetrics,
  readRules,
  type KnownMetrics,
} from "../../grafana/lint/known-metrics.ts";
import { excuseKey, excusesOf, lint } from "../../grafana/lint/lint.ts";
import { parseQuery } from "../../grafana/lint/parse-query.ts";
import { catalogue } from "../../src/metrics/catalogue/catalogue.ts";

const root = new URL("../../", import.meta.url);
const textOf = (path: string) => readFileSync(new URL(path, root), "utf8");

let known: KnownMetrics;
beforeAll(async () => {
  known = await readKnownMetrics();
});

test.each(BOARDS.map((spec) => [spec.uid, spec] as const))(
  "%s breaks no rule but those that it is excused from, each for a reason",
  (uid, spec) => {
    const excuses = excusesOf(spec);
    const findings = lint(readBoard(uid), known);
    expect(findings.filter((finding) => !excuses.has(excuseKey(finding)))).toEqual([]);
    const broken = new Set(findings.map(excuseKey));
    expect([...excuses.keys()].filter((excuse) => !broken.has(excuse))).toEqual([]);
    for (const reason of excuses.values()) expect(reason).toMatch(/\w+ \w+/);
  },
);

test("every metric of the catalogue is on a panel or in a rule", () => {
  const asked = BOARDS.flatMap(({ uid }) => panelsOf(readBoard(uid)))
    .flatMap((panel) => queriesOf(panel))
    .flatMap(({ expr }) => parseQuery(expr).selectors.map(({ metric }) => metric));
  const onBoards = new Set(asked.map((metric) => metric.replace(/_(bucket|sum|count)$/, "")));
  const rules = readRules();
  const orphans = Object.values(catalogue)
    .map(({ name }) => name)
    .filter((name) => !onBoards.has(name) && !rules.includes(name));
  expect(orphans).toEqual([]);
});

test("what the boards ask of the process, prom-client tells", () => {
  expect(Object.values(PROCESS_METRICS).filter((name) => !known.has(name))).toEqual([]);
});

test("the runbook has every section that a panel leads to", () => {
  const headings = [...textOf("docs/runbook.md").matchAll(/^#+ (\w+)$/gm)].map(([, it]) => it);
  expect(RUNBOOK_SECTIONS.filter((section) => !headings.includes(section))).toEqual([]);
});

test("Grafana is told how often Prometheus scrapes, or rates of few seconds would be empty", () => {
  const [, scraped] =
    /scrape_interval: (\S+)/.exec(textOf("grafana/prometheus/prometheus.yml")) ?? [];
  const [, told] =
    /timeInterval: (\S+)/.exec(textOf("grafana/provisioning/datasources/prometheus.yml")) ?? [];
  expect(told).toBe(scraped);
});

/** A board that keeps every rule, on which each rule is broken in turn. */
const sound = () => structuredClone(readBoard("payments-latency"));
const breakPanel = (change: (panel: Panel) => void) => (board: Dashboard) => {
  const panel = panelsOf(board).find(({ title }) => title === "End to end against the promise");
  if (!panel) throw new Error("the panel is gone");
  change(panel);
};
const breakQuery = (expr: string) =>
  breakPanel((panel) => {
    const [query] = queriesOf(panel);
    if (query) query.expr = expr;
  });
const breakVariable =
  (name: string, change: Readonly<Record<string, unknown>>) => (board: Dashboard) => {
    const variable = board.templating.list?.find((each) => each.name === name);
    if (!variable) throw new Error("the variable is gone");
    Object.assign(variable, change);
  };
const CHOSEN = 'job=~"$job",instance=~"$instance"';

test.each<[string, (board: Dashboard) => void]>([
  ["template-datasource-rule", breakVariable("datasource", { label: "Source" })],
  ["template-job-rule", breakVariable("job", { allValue: ".*" })],
  ["template-instance-rule", breakVariable("instance", { multi: false })],
  ["template-label-promql-rule", breakVariable("job", { query: "label_values(up{, job)" })],
  ["template-on-time-change-reload-rule", breakVariable("job", { refresh: 1 })],
  ["uneditable-dashboard", (board) => (board.editable = true)],
  ["board-uid-rule", (board) => delete board.uid],
  ["board-utc-rule", (board) => (board.timezone = "browser")],
  ["panel-id-rule", breakPanel((panel) => (panel.id = 1))],
  ["panel-title-unique-rule", breakPanel((panel) => (panel.title = "Slack"))],
  ["grid-rule", breakPanel(({ gridPos }) => gridPos && (gridPos.x = 13))],
  [
    "annotation-promql-rule",
    ({ annotations: { list } }) =>
      list?.push({ name: "x", enable: true, iconColor: "red", expr: "sum(" }),
  ],
  [
    "panel-datasource-rule",
    breakPanel((panel) => (panel.datasource = { type: "prometheus", uid: "mine" })),
  ],
  ["panel-title-description-rule", breakPanel((panel) => (panel.title = ""))],
  [
    "panel-units-rule",
    breakPanel(({ fieldConfig }) => fieldConfig && (fieldConfig.defaults.unit = "secs")),
  ],
  ["panel-no-targets-rule", breakPanel((panel) => (panel.targets = []))],
  ["panel-advice-rule", breakPanel((panel) => (panel.description = "Percentiles."))],
  [
    "panel-thresholds-rule",
    breakPanel(({ fieldConfig }) => delete fieldConfig?.defaults.thresholds),
  ],
  ["panel-runbook-rule", breakPanel((panel) => (panel.links = []))],
  ["target-promql-rule", breakQuery("sum(")],
  ["target-rate-interval-rule", breakQuery(`sum(rate(payments_accepted_total{${CHOSEN}}[5m]))`)],
  ["target-job-rule", breakQuery('max(payments_open{job="$job",instance=~"$instance"})')],
  ["target-instance-rule", breakQuery('max(payments_open{job=~"$job"})')],
  ["target-counter-agg-rule", breakQuery(`max(payments_accepted_total{${CHOSEN}})`)],
  ["metric-known-rule", breakQuery(`max(payments_opened{${CHOSEN}})`)],
  ["label-known-rule", breakQuery(`max by (stage) (payments_open{${CHOSEN}})`)],
  ["rate-counters-rule", breakQuery(`max(rate(payments_open{${CHOSEN}}[$__rate_interval]))`)],
  ["gauge-sum-rule", breakQuery(`sum(payments_open{${CHOSEN}})`)],
  [
    "quantile-le-rule",
    breakQuery(
      `histogram_quantile(0.5, sum(rate(payments_tries_bucket{${CHOSEN}}[$__rate_interval])))`,
    ),
  ],
  [
    "bound-spelling-rule",
    breakQuery(`sum(rate(payments_tries_bucket{${CHOSEN},le="1"}[$__rate_interval]))`),
  ],
  [
    "exemplar-rule",
    breakPanel((panel) => queriesOf(panel).forEach((query) => (query.exemplar = false))),
  ],
])("%s finds what it is for", (rule, damage) => {
  const board = sound();
  expect(lint(board, known)).toEqual([]);
  damage(board);
  const found = lint(board, known).map((finding) => finding.rule);
  expect([...new Set(found)]).toEqual([rule]);
});
