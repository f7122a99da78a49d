import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPrometheus, NO_PROMETHEUS } from "../../sandbox/prometheus/find-prometheus.ts";
import { runPromtool } from "../../sandbox/prometheus/promtool.ts";
import type { FamilyServer } from "../../sandbox/prometheus/serve-on-free-port.ts";
import { startAlertmanager } from "../../sandbox/prometheus/start-alertmanager.ts";
import { startPrometheus } from "../../sandbox/prometheus/start-prometheus.ts";
import { eventually, isAlive } from "./process-census.ts";

const tools = await findPrometheus();

const RULES = `
groups:
  - name: always
    interval: 1s
    rules:
      - alert: AlwaysFiring
        expr: vector(1)
`;

const configOf = (alertmanager: FamilyServer) => `
global: { scrape_interval: 1s }
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{ targets: ["${new URL(alertmanager.url).host}"] }]
`;

describe.skipIf(tools === undefined)(
  `Prometheus and Alertmanager${tools === undefined ? ` (${NO_PROMETHEUS})` : ""}`,
  () => {
    const found = tools as NonNullable<typeof tools>;
    let alertmanager: FamilyServer;
    let prometheus: FamilyServer;

    beforeAll(async () => {
      alertmanager = await startAlertmanager(found, {
        config: "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n",
      });
      const files = { "rules.yml": RULES };
      prometheus = await startPrometheus(found, { config: configOf(alertmanager), files });
    });

    afterAll(async () => {
      const pids = [prometheus.server.pid, alertmanager.server.pid];
      await Promise.all([prometheus.stop(), alertmanager.stop()]);
      expect(await Promise.all(pids.map(isAlive))).toEqual([false, false]);
    });

    test("an alert of the one reaches the other", async () => {
      const seen = async () => {
        const answer = await fetch(`${alertmanager.url}/api/v2/alerts`);
        const alerts = (await answer.json()) as { labels: { alertname: string } }[];
        return alerts.some(({ labels }) => labels.alertname === "AlwaysFiring");
      };
      expect(await eventually(seen)).toBe(true);
    });

    test("promtool tells good from bad", async () => {
      const good = "# HELP a_total Things.\n# TYPE a_total counter\na_total 1\n";
      expect(await runPromtool(found, ["check", "metrics"], good)).toBe("");
      const bad = good.replaceAll("a_total", "a_ms");
      await expect(runPromtool(found, ["check", "metrics"], bad)).rejects.toThrow(/a_ms/);
    });
  },
);
