import type { PrometheusTools } from "./find-prometheus.ts";
import { serveOnFreePort, type FamilyServer } from "./serve-on-free-port.ts";

export interface PrometheusOptions {
  /** The text of prometheus.yml. Paths in it are relative to the directory of the files. */
  readonly config: string;
  /** Rules and the like that the configuration names, by their names. */
  readonly files?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Starts a Prometheus that keeps exemplars as well; its API is at `url`. */
export function startPrometheus(
  { prometheus }: PrometheusTools,
  { config, files = {}, signal }: PrometheusOptions,
): Promise<FamilyServer> {
  return serveOnFreePort({
    name: "prometheus",
    command: prometheus,
    files: { ...files, "prometheus.yml": config },
    args: ({ directory, port }) => [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=exemplar-storage",
      // It finds its Alertmanagers after some seconds; what fired before is told again at the next look, not a minute later.
      "--rules.alert.resend-delay=1s",
    ],
    ...(signal && { signal }),
  });
}
