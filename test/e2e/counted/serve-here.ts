import { runApp } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config.ts";
import { createLog } from "../../../src/log.ts";
import { createMetrics } from "../../../src/metrics/create-metrics.ts";

/** The service, in this process: what it asks of the world outside can be counted where it is asked. */
export interface ServiceHere extends AsyncDisposable {
  /** Resolves when it has joined its group; rejects if it ends before. */
  readonly ready: Promise<void>;
}

export function serveHere(settings: Readonly<Record<string, string>>): ServiceHere {
  const config = loadConfig({ ...settings });
  const ready = Promise.withResolvers<void>();
  const write = (line: string) => {
    if ((JSON.parse(line) as { msg: string }).msg === "ready") ready.resolve();
  };
  const log = createLog({ level: "info", instanceId: "here" }, { write });
  const stopping = new AbortController();
  const metrics = createMetrics({ sloMs: config.SLO_MS });
  const running = runApp({ config, log, metrics }, stopping.signal);
  running.then(() => ready.reject(new Error("it has ended")), ready.reject);
  return {
    ready: ready.promise,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}
