import type { CommonSettings } from "../config.ts";
import type { Logger } from "../log.ts";
import { untraced, type Tracing } from "./tracing.ts";

/** OpenTelemetry is loaded only where spans have somewhere to go. Never throws: payments go on without traces. */
export async function startTracing(config: CommonSettings, log: Logger): Promise<Tracing> {
  const url = tracesUrl(config);
  if (url === null || config.OTEL_SDK_DISABLED) return untraced;
  try {
    const { createTracing } = await import("./create-tracing.ts");
    const headers = config.OTEL_EXPORTER_OTLP_HEADERS;
    const tracing = createTracing({ config, destination: { url, headers } }, log);
    log.info({ sampler: config.OTEL_TRACES_SAMPLER }, "traces are exported");
    return tracing;
  } catch (error) {
    log.error({ err: error }, "no traces: OpenTelemetry cannot be started");
    return untraced;
  }
}

/** A traces endpoint is used as it is, the general one with OTLP's path. */
function tracesUrl(config: CommonSettings): string | null {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: base } = config;
  if (traces !== null) return traces;
  return base === null ? null : `${base}/v1/traces`;
}
