import { expect, test } from "vitest";
import { catalogue } from "../../src/metrics/catalogue/catalogue.ts";
import { HTTP_STATUSES } from "../../src/metrics/catalogue/labels.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { BUDGETS_MS } from "../../src/metrics/stages.ts";

const OPEN_METRICS = "application/openmetrics-text; version=1.0.0";

test("every closed label is there as 0 before anything happened, and Prometheus' own rules are kept", async () => {
  const { text } = await createMetrics({ sloMs: 3_000 }).render();
  expect(text).toContain('payments_reconciliation_mismatches{kind="paid_twice"} 0');
  expect(text).toContain('payments_accepted_total{origin="live"} 0');
  // A counter that is born at 1 has not increased: the first bad record would alert nobody.
  expect(text).toContain('payments_dead_letters_total{code="not_avro"} 0');
  expect(text).toContain(
    'payments_end_to_end_duration_seconds_bucket{le="3",outcome="completed",origin="live"} 0',
  );
  expect(text).toContain("payments_slo_threshold_seconds 3");
  expect(
    text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length,
  ).toBeLessThan(3_000);
});

test("buckets are sorted and unique, and the threshold is exactly one of them", () => {
  for (const definition of Object.values(catalogue)) {
    if (definition.kind !== "histogram") continue;
    const { buckets } = definition;
    expect(buckets).toEqual([...new Set(buckets)].toSorted((a, b) => a - b));
  }
  expect(catalogue.endToEnd.buckets).toContain(3);
  expect(catalogue.stage.buckets).toContain(3);
});

test("the stages' budgets and the slack sum to the threshold", async () => {
  const sum = Object.values(BUDGETS_MS).reduce((total, budgetMs) => total + budgetMs, 0);
  const { text } = await createMetrics({ sloMs: 3_000 }).render();
  expect(text).toContain(
    `payments_stage_budget_seconds{stage="slack"} ${String((3_000 - sum) / 1_000)}`,
  );
});

test("a number that is none, or an exemplar that is too long, costs the metric and never its caller", async () => {
  const metrics = createMetrics({ sloMs: 3_000 });
  const ended = { outcome: "completed", origin: "live" } as const;
  expect(() => metrics.finished.add({ code: "none" }, Number.NaN)).not.toThrow();
  expect(() => metrics.finished.add({ code: "none" }, -1)).not.toThrow();
  expect(() => metrics.open.set({ state: "planned" }, Number.NaN)).not.toThrow();
  expect(() => metrics.endToEnd.observe(ended, Number.NaN)).not.toThrow();
  expect(() => metrics.endToEnd.observe(ended, 1, "x".repeat(200))).not.toThrow();
});

test("an exemplar leads from a bucket to its trace, for those who ask in OpenMetrics", async () => {
  const metrics = createMetrics({ sloMs: 3_000 });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  metrics.endToEnd.observe({ outcome: "completed", origin: "live" }, 1.2, traceId);
  const open = await metrics.render(OPEN_METRICS);
  expect(open.contentType).toContain("openmetrics");
  expect(open.text).toContain(`# {trace_id="${traceId}"} 1.2`);
  const plain = await metrics.render("text/plain");
  expect(plain.contentType).not.toContain("openmetrics");
  expect(plain.text).not.toContain(traceId);
});

test("a replaced gauge forgets what is gone", async () => {
  const metrics = createMetrics({ sloMs: 3_000 });
  metrics.operatorGas.replace([{ labels: { operator: "0xa" }, value: 1.5 }]);
  metrics.operatorGas.replace([{ labels: { operator: "0xb" }, value: 2 }]);
  const { text } = await metrics.render();
  expect(text).toContain('payments_operator_gas_balance{operator="0xb"} 2');
  expect(text).not.toContain('operator="0xa"');
});

test("a busy deployment's metrics are far fewer than a scrape can bear, and are rendered in milliseconds", async () => {
  const metrics = createMetrics({ sloMs: 3_000 });
  const some = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => `${name}-${index}`);
  for (const payer of some(50, "payer")) {
    for (const currency of ["USDC", "EURC"] as const) {
      metrics.payerFunds.set({ payer, currency }, 1);
      metrics.payerDemand.set({ payer, currency }, 1);
    }
  }
  for (const operator of some(50, "operator")) {
    metrics.operatorGas.set({ operator }, 1);
    metrics.sendsOpen.set({ operator }, 1);
    metrics.sendsOldestAge.set({ operator }, 1);
    metrics.leases.set({ lease: operator }, 1);
  }
  for (const partition of some(64, "")) {
    metrics.lagRecords.set({ partition }, 1);
    metrics.lagSeconds.set({ partition }, 1);
  }
  for (const operation of some(30, "operation")) {
    for (const result of ["ok", "error"] as const) {
      metrics.call.observe({ dependency: "some", operation, result }, 0.1);
    }
  }
  for (const route of some(60, "/v1/route")) {
    for (const status of HTTP_STATUSES) metrics.httpRequests.add({ method: "GET", route, status });
    metrics.httpDuration.observe({ method: "GET", route }, 0.1);
  }
  const { text } = await metrics.render();
  const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(series.length).toBeGreaterThan(1_500);
  expect(series.length).toBeLessThan(3_000);
  // The best of many: what else the machine does is not what is asked. 2,000 series took under 3 ms.
  let bestMs = Infinity;
  for (let times = 0; times < 50; times += 1) {
    const startedMs = performance.now();
    await metrics.render();
    bestMs = Math.min(bestMs, performance.now() - startedMs);
  }
  expect(bestMs).toBeLessThan(40);
});
