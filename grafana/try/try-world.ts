import { migrateService, startService } from "../../sandbox/demo/service.ts";
import { freePort } from "../../sandbox/process/free-port.ts";
import type { PrometheusTools } from "../../sandbox/prometheus/find-prometheus.ts";
import { startPrometheus } from "../../sandbox/prometheus/start-prometheus.ts";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { seedDirectory } from "../../sandbox/traffic/directory.ts";
import { createLedger } from "../../sandbox/traffic/ledger.ts";
import { connectTraffic } from "../../sandbox/traffic/publish-tasks.ts";
import { prometheusApi, type PrometheusApi } from "./prometheus-api.ts";
import { provoke } from "./provoke.ts";
import { quickConfig, quickRules } from "./quick-rules.ts";

const TOPIC = "task.completed";
const TASKS_PER_SECOND = 20;
/** Many more than a try takes; it ends with the world. */
const TASKS_MAX = 12_000;

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
  const traffic = await connectTraffic({
    brokers: sandbox.kafka.brokers,
    registryUrl: sandbox.registry.url,
    topic: TOPIC,
    directory,
    ledger: createLedger(),
    feeRate: 25_000n,
  });
  starting.defer(() => traffic.stop());
  // Ends by the error of a producer that is gone.
  traffic.publish(TASKS_MAX, TASKS_PER_SECOND).catch(() => undefined);
  await provoke(sandbox, traffic, { topic: TOPIC, directory });
  const running = starting.move();
  return {
    prometheus: prometheusApi(server.url),
    startedAtS,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
