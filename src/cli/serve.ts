import packageJson from "../../package.json" with { type: "json" };
import { loadConfig } from "../config.ts";
import type { Rpc } from "../arc/rpc.ts";
import { createLog } from "../log.ts";
import { runApp } from "../app.ts";
import { countLines } from "../metrics/count-lines.ts";
import { createMetrics } from "../metrics/create-metrics.ts";
import { EXIT } from "./exit.ts";

/** Both mean "stop": orchestrators send SIGTERM, people Ctrl-C. */
const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Runs until a signal: then stops fetching, finishes its batches, commits its offsets and leaves the group. A second
 * signal, or SHUTDOWN_TIMEOUT_MS, ends it at once, which loses nothing: what was under way is resumed from the last
 * commit by whoever comes next. `rpc` stands in for the nodes of ARC_RPC_URL.
 */
export async function serve(rpc?: Rpc): Promise<never> {
  const config = loadConfig();
  const metrics = createMetrics({ sloMs: config.SLO_MS });
  const log = createLog({
    level: config.LOG_LEVEL,
    instanceId: config.INSTANCE_ID,
    onLine: countLines(metrics),
  });
  const { BUILD_COMMIT: commit, PAYMENT_RAIL: rail } = config;
  metrics.build.set(
    { version: packageJson.version, commit, node_version: process.version, rail },
    1,
  );
  const stopping = new AbortController();
  // The last word of a process that a bug ends is a line like any other; what was under way is resumed by the next.
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "a bug ended this process");
    process.exit(EXIT.bug);
  });
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      if (stopping.signal.aborted) process.exit(EXIT.bug);
      log.info({ signal: name }, "stopping");
      stopping.abort();
      const deadline = setTimeout(() => {
        log.warn("not stopped in SHUTDOWN_TIMEOUT_MS; ending at once");
        process.exit(EXIT.bug);
      }, config.SHUTDOWN_TIMEOUT_MS);
      deadline.unref();
    });
  }
  try {
    await runApp({ config, log, metrics, ...(rpc && { rpc }) }, stopping.signal);
  } catch (error) {
    log.fatal({ err: error }, "ended");
    throw error;
  }
  log.info("stopped");
  // Not by running out of work: a client of Kafka that was cut off may try to reach its broker for minutes yet.
  process.exit(EXIT.done);
}
