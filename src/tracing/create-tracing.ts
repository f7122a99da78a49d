import { setTimeout as delay } from "node:timers/promises";
import { AlwaysOnSampler, RandomIdGenerator, TracerProvider } from "@opentelemetry/sdk-trace";
import type { CommonSettings } from "../config.ts";
import type { Logger } from "../log.ts";
import { writeTraceparent } from "../payment/traceparent.ts";
import { createExport, type Destination } from "./create-export.ts";
import { createContexts } from "./payment-context.ts";
import { LINKS_MAX, recordBatch, recordSubmit } from "./record-batch.ts";
import { recordPayment, type Recorder } from "./record-payment.ts";
import { resourceOf } from "./resource.ts";
import { samplerOf } from "./sampler-of.ts";
import { presetIds } from "./span-ids.ts";
import type { Tracing } from "./tracing.ts";

/** Sends that are not recorded are remembered as long as they can be open, roughly. */
const UNRECORDED_MAX = 4_096;

/** Records spans and exports them. Trouble of its own is logged and never thrown. */
export function createTracing(
  { config, destination }: { readonly config: CommonSettings; readonly destination: Destination },
  log: Logger,
): Tracing {
  const sampler = samplerOf(config.OTEL_TRACES_SAMPLER, config.OTEL_TRACES_SAMPLER_ARG);
  const contexts = createContexts(sampler);
  const ids = presetIds(new RandomIdGenerator());
  const provider = new TracerProvider({
    // Whether a span is recorded is decided before it is started: batches go by their payments.
    sampler: new AlwaysOnSampler(),
    idGenerator: ids,
    resource: resourceOf(config),
    spanLimits: { linkCountLimit: LINKS_MAX },
    spanProcessors: [createExport(destination, log)],
  });
  const recorder: Recorder = {
    tracer: provider.getTracer("gigstream-payments"),
    ids,
    contexts,
    source: { topic: config.TOPIC_TASK_COMPLETED, groupId: config.KAFKA_GROUP_ID },
  };
  const unrecorded = createForgetfulSet(UNRECORDED_MAX);
  const harmlessly = createHarmless(log);
  return {
    begin: (paymentId) => contexts.begin(paymentId),
    onward(payment) {
      const context = contexts.of(payment);
      if (!context?.isRecorded) return payment.traceparent;
      return writeTraceparent({ ...context, isSampled: true });
    },
    recordedTrace(payment) {
      const context = contexts.of(payment);
      return context?.isRecorded ? context.traceId : undefined;
    },
    batch: (span) =>
      harmlessly(() => {
        const isRecorded = recordBatch(recorder, span);
        if (span.name === "dispatch" && !isRecorded) unrecorded.add(span.send.id);
      }),
    submit: (span) =>
      harmlessly(() => {
        if (!unrecorded.has(span.send.id)) recordSubmit(recorder, span);
      }),
    ended: ({ outcomes }) => {
      for (const outcome of outcomes) harmlessly(() => recordPayment(recorder, outcome));
    },
    async stop(timeoutMs) {
      const waiting = new AbortController();
      const stopped = provider.shutdown().catch(() => undefined);
      const tooLong = delay(timeoutMs, undefined, { signal: waiting.signal }).catch(
        () => undefined,
      );
      await Promise.race([stopped, tooLong]);
      waiting.abort();
    },
  };
}

/** A trace is worth a line in the log at most. */
function createHarmless(log: Logger): (record: () => void) => void {
  let isTold = false;
  return (record) => {
    try {
      record();
    } catch (error) {
      if (!isTold) log.warn({ err: error }, "a span could not be recorded; told once");
      isTold = true;
    }
  };
}

/** Keeps the newest. */
function createForgetfulSet(max: number) {
  const kept = new Set<string>();
  return {
    has: (id: string) => kept.has(id),
    add(id: string) {
      kept.add(id);
      const [oldest] = kept.size > max ? kept : [];
      if (oldest !== undefined) kept.delete(oldest);
    },
  };
}
