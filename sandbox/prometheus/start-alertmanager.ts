import type { PrometheusTools } from "./find-prometheus.ts";
import { serveOnFreePort, type FamilyServer } from "./serve-on-free-port.ts";

export interface AlertmanagerOptions {
  /** The text of alertmanager.yml. */
  readonly config: string;
  readonly signal?: AbortSignal;
}

/** Starts an Alertmanager that is alone, not one of a cluster; its API is at `url`. */
export function startAlertmanager(
  { alertmanager }: PrometheusTools,
  { config, signal }: AlertmanagerOptions,
): Promise<FamilyServer> {
  return serveOnFreePort({
    name: "alertmanager",
    command: alertmanager,
    files: { "alertmanager.yml": config },
    args: ({ directory, port }) => [
      `--config.file=${directory}/alertmanager.yml`,
      `--storage.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ],
    ...(signal && { signal }),
  });
}
