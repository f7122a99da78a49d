import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  BatchSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";
import type { Logger } from "../log.ts";

/** A second of a busy service, or some 10 MB; what is more while the collector is slow or away is dropped. */
const QUEUE_MAX = 4_096;
const EXPORT_EVERY_MS = 1_000;

export interface Destination {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Spans on their way to the collector, by OTLP over HTTP in Protobuf. */
export function createExport(destination: Destination, log: Logger): SpanProcessor {
  const { url, headers } = destination;
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers } });
  return new BatchSpanProcessor({
    exporter: tellTrouble(exporter, log),
    maxQueueSize: QUEUE_MAX,
    scheduledDelayMillis: EXPORT_EVERY_MS,
  });
}

/** One line when the collector is away and one when it is back, whatever happens in between. */
function tellTrouble(exporter: SpanExporter, log: Logger): SpanExporter {
  let lost = 0;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error) {
          // Its words alone: the error holds what the collector answered, and that may be what we sent it.
          if (lost === 0) log.warn({ reason: result.error.message }, "traces cannot be exported");
          lost += spans.length;
        } else if (lost > 0) {
          log.info({ lost }, "traces are exported again");
          lost = 0;
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
