import { readFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { z } from "zod";
import type { PrometheusTools } from "../../sandbox/prometheus/find-prometheus.ts";
import { startAlertmanager } from "../../sandbox/prometheus/start-alertmanager.ts";
import { startPrometheus } from "../../sandbox/prometheus/start-prometheus.ts";

const PROMETHEUS = new URL("../../grafana/prometheus/", import.meta.url);

/** A minute is long for a test; the expression stays the same. */
const STUCK_SECONDS = { isWritten: "> 60", here: "> 10" };

const alertList = z.array(
  z.looseObject({
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    receivers: z.array(z.object({ name: z.string() })),
  }),
);
const answer = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

/** A real Prometheus that scrapes the service by our rules, and the real Alertmanager that it tells. */
export interface AlertWatch extends AsyncDisposable {
  /** Whether Prometheus has read the service's metrics. */
  readonly isScraped: () => Promise<boolean>;
  /** What Alertmanager holds and has not seen the end of. */
  readonly alerts: () => Promise<z.infer<typeof alertList>>;
}

export async function startWatch(tools: PrometheusTools, metricsUrl: string): Promise<AlertWatch> {
  await using starting = new AsyncDisposableStack();
  const alertmanager = await startAlertmanager(tools, { config: readText("alertmanager.yml") });
  starting.defer(() => alertmanager.stop());
  const prometheus = await startPrometheus(tools, {
    config: configFor(metricsUrl, alertmanager.url),
    files: { "rules.yml": hastened(readText("rules/payments.yml")) },
  });
  starting.defer(() => prometheus.stop());
  const running = starting.move();
  return {
    async isScraped() {
      const query = encodeURIComponent('up{job="gigstream-payments"} == 1');
      const { data } = answer.parse(await askFor(`${prometheus.url}/api/v1/query?query=${query}`));
      return data.result.length === 1;
    },
    async alerts() {
      return alertList.parse(await askFor(`${alertmanager.url}/api/v2/alerts?active=true`));
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Ours, with what names other machines put right, and in a hurry. */
function configFor(metricsUrl: string, alertmanagerUrl: string): string {
  const hosts: Readonly<Record<string, string>> = {
    "service:9464": new URL(metricsUrl).host,
    "alertmanager:9093": new URL(alertmanagerUrl).host,
  };
  const config = parse(readText("prometheus.yml"), (_, value: unknown) =>
    typeof value === "string" ? (hosts[value] ?? value) : value,
  ) as object;
  return stringify({
    ...config,
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: ["rules.yml"],
  });
}

function hastened(rules: string): string {
  const { isWritten, here } = STUCK_SECONDS;
  const stuck = /- alert: PaymentsStuck\n +expr: .*\n +for: .*\n/.exec(rules)?.[0];
  if (!stuck?.includes(isWritten))
    throw new Error("PaymentsStuck is not written as this test knows it");
  const changed = stuck.replace(isWritten, here).replace(/for: .*/, "for: 1s");
  return rules.replace(stuck, changed);
}

function readText(name: string): string {
  return readFileSync(new URL(name, PROMETHEUS), "utf8");
}

async function askFor(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}
