import { setTimeout as delay } from "node:timers/promises";
import { migrateService, startService } from "../../sandbox/demo/service.ts";
import { freePort } from "../../sandbox/process/free-port.ts";
import type { PrometheusTools } from "../../sandbox/prometheus/find-prometheus.ts";
import { startPrometheus } from "../../sandbox/prometheus/start-prometheus.ts";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { seedDirectory } from "../../sandbox/traffic/directory.ts";
import { createLedger } from "../../sandbox/traffic/ledger.ts";
import { connectTraffic } from "../../sandbox/traffic/publish-tasks.ts";
import { catalogue } from "../../src/metrics/catalogue/catalogue.ts";
import { prometheusApi, type PrometheusApi } from "./prometheus-api.ts";
import { provoke } from "./provoke.ts";
import { quickConfig, quickRules } from "./quick-rules.ts";

const TOPIC = "task.completed";
const TASKS_PER_SECOND = 20;
/** Many more than a try takes; it ends with the world. */
const TASKS_MAX = 12_000;
/** For duplicates to repeat. */
const TASKS_BEFORE = 40;
const SCRAPED_WITHIN_MS = 60_000;
const LOOK_MS = 250;
const ACCEPTED = catalogue.accepted.name;

export interface TryWorld extends AsyncDisposable {
  readonly prometheus: PrometheusApi;
  readonly startedAtS: number;
}

/** The real service under load on real parts, with everything on the boards provoked, scraped by a real Prometheus. */
export async function startTryWorld(tools: PrometheusTools): Promise<TryWorld> {
  await using starting = new AsyncDisposableStack();
  const sandbox = starting.use(await startSandbox({ fsync: false }));
  const metricsPort = await freePort();
  const settings = {
    ...sandbox.settings("arc"),
    METRICS_PORT: String(metricsPort),
    PAYMENT_FEE_PERCENTAGE: "2.5",
    PAYMENT_RETRY_DELAYS_MS: "500,1000,2000,4000",
    LOG_LEVEL: "info",
  };
  await migrateService(settings);
  const payers = sandbox.treasuries.map(({ address }) => address);
  const directory = await seedDirectory(sandbox.databaseUrl, payers);
  const service = await startService(settings, { instance: "tried" });
  starting.defer(() => service.stop());
  const startedAtS = Math.floor(Date.now() / 1_000);
  const rules = quickRules();
  const server = await startPrometheus(tools, {
    config: quickConfig(metricsPort, Object.keys(rules)),
    files: rules,
  });
  starting.defer(() => server.stop());
  const prometheus = prometheusApi(server.url);
  const traffic = await connectTraffic({
    brokers: sandbox.kafka.brokers,
    registryUrl: sandbox.registry.url,
    topic: TOPIC,
    directory,
    ledger: createLedger(),
    feeRate: 25_000n,
  });
  starting.defer(() => traffic.stop());
  await untilScraped(prometheus);
  await traffic.publish(TASKS_BEFORE, TASKS_PER_SECOND);
  // Ends by the error of a producer that is gone.
  traffic.publish(TASKS_MAX, TASKS_PER_SECOND).catch(() => undefined);
  await provoke(sandbox, traffic, { topic: TOPIC, directory });
  const running = starting.move();
  return {
    prometheus,
    startedAtS,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What is counted before the first scrape has no growth that anybody could see. */
async function untilScraped(prometheus: PrometheusApi): Promise<void> {
  const deadlineMs = Date.now() + SCRAPED_WITHIN_MS;
  while ((await prometheus.instant(ACCEPTED)).length === 0) {
    if (Date.now() > deadlineMs) throw new Error("Prometheus does not scrape the service");
    await delay(LOOK_MS);
  }
}
