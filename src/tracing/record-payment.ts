import {
  SpanKind,
  SpanStatusCode,
  trace,
  ROOT_CONTEXT,
  type Attributes,
  type Tracer,
} from "@opentelemetry/api";
import { spansOf } from "../metrics/stage-spans.ts";
import type { EndedPayment, PublishedOutcome } from "../payment/published.ts";
import { FAILURE_KINDS } from "../payment/state.ts";
import { ATTRIBUTES } from "./attributes.ts";
import { remoteContext, type Contexts } from "./payment-context.ts";
import type { presetIds } from "./span-ids.ts";

export interface Recorder {
  readonly tracer: Tracer;
  readonly ids: ReturnType<typeof presetIds>;
  readonly contexts: Contexts;
  /** Where its events come from. */
  readonly source: { readonly topic: string; readonly groupId: string };
}

/** A payment's span, as long as its end-to-end time, and one below it for each of its stages. */
export function recordPayment(recorder: Recorder, ended: PublishedOutcome): void {
  const { paymentId, generation, payment } = ended;
  if (!payment) return;
  const { traceparent, stamps } = payment;
  const context = recorder.contexts.of({ paymentId, generation, traceparent });
  const stages = spansOf(stamps);
  const [first, last] = [stages[0], stages.at(-1)];
  if (!context?.isRecorded || !first || !last) return;
  const { tracer, ids, source } = recorder;
  const span = ids.preset(context, () =>
    tracer.startSpan(
      `process ${source.topic}`,
      {
        kind: SpanKind.CONSUMER,
        startTime: first.from,
        attributes: { ...attributesOf(ended, payment), ...messagingOf(source) },
      },
      context.parent ? remoteContext(context.parent) : ROOT_CONTEXT,
    ),
  );
  const below = trace.setSpan(ROOT_CONTEXT, span);
  for (const { stage, from, to } of stages) {
    tracer.startSpan(stage, { startTime: from }, below).end(to);
  }
  // A definite business no is an answer; what should have gone through and did not is an error.
  if (ended.kind === "failed" && (ended.code === null || FAILURE_KINDS[ended.code] === "failed")) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute(ATTRIBUTES.errorType, ended.code ?? "_OTHER");
  }
  span.end(last.to);
}

function messagingOf({ topic, groupId }: Recorder["source"]): Attributes {
  return {
    [ATTRIBUTES.system]: "kafka",
    [ATTRIBUTES.operationName]: "process",
    [ATTRIBUTES.operationType]: "process",
    [ATTRIBUTES.destination]: topic,
    [ATTRIBUTES.consumerGroup]: groupId,
  };
}

function attributesOf(
  { paymentId, generation, kind, code }: PublishedOutcome,
  { platformId, taskId, workerId, origin, rail, txHash, tries }: EndedPayment,
): Attributes {
  return {
    [ATTRIBUTES.paymentId]: paymentId,
    [ATTRIBUTES.generation]: generation,
    [ATTRIBUTES.platformId]: platformId,
    [ATTRIBUTES.taskId]: taskId,
    [ATTRIBUTES.workerId]: workerId,
    [ATTRIBUTES.origin]: origin,
    [ATTRIBUTES.outcome]: kind,
    [ATTRIBUTES.tries]: tries,
    ...(code !== null && { [ATTRIBUTES.failureCode]: code }),
    ...(rail !== null && { [ATTRIBUTES.rail]: rail }),
    ...(txHash !== null && { [ATTRIBUTES.txHash]: txHash }),
  };
}
