import { loadConfig } from "../config.ts";
import { connect } from "../connect.ts";
import { createLog } from "../log.ts";
import { createMetrics } from "../metrics/create-metrics.ts";
import { watchDeps } from "../restore-deps.ts";
import { checkForRestore } from "../restore/watch-restores.ts";
import type { Connected } from "../stage-deps.ts";
import { startTracing } from "../tracing/start-tracing.ts";

const CONNECT_TIMEOUT_MS = 30_000;
const TRACES_TIMEOUT_MS = 1_000;

/** Runs one command with everything connected that the service itself has, and closes it, however the command ends. */
export async function withConnected<T>(work: (connected: Connected) => Promise<T>): Promise<T> {
  const config = loadConfig();
  const log = createLog({ level: "warn", instanceId: config.INSTANCE_ID });
  const running = new AbortController();
  const starting = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
  const metrics = createMetrics({ sloMs: config.SLO_MS });
  const signals = { starting, running: running.signal };
  const tracing = await startTracing(config, log);
  const connected = await connect({ config, log, metrics, tracing }, signals);
  try {
    // A database that has forgotten something must not be worked on before that is written down.
    await checkForRestore(watchDeps(connected), starting);
    return await work(connected);
  } finally {
    running.abort();
    await connected.signals.closed;
    await connected.pool.end();
    await tracing.stop(TRACES_TIMEOUT_MS);
  }
}
