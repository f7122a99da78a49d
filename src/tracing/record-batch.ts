import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Attributes,
  type Link,
  type Span,
} from "@opentelemetry/api";
import { ATTRIBUTES } from "./attributes.ts";
import { remoteContext } from "./payment-context.ts";
import type { Recorder } from "./record-payment.ts";
import { sendSpanId, traceIdOfUuid } from "./span-ids.ts";
import type { BatchSpan, SubmitSpan } from "./tracing.ts";

/** Of a batch's payments; the count says how many there were. */
export const LINKS_MAX = 128;

/** A batch's span, linked to the payments that it moved. Recorded where one of them is; answers whether it was. */
export function recordBatch(recorder: Recorder, batch: BatchSpan): boolean {
  const links = linksOf(recorder, batch);
  if (links.length === 0) return false;
  const { tracer, ids } = recorder;
  const start = () =>
    tracer.startSpan(
      batch.name,
      {
        kind: batch.name === "publish" ? SpanKind.PRODUCER : SpanKind.INTERNAL,
        startTime: batch.startedAt,
        links: links.slice(0, LINKS_MAX),
        attributes: { [ATTRIBUTES.batchCount]: batch.payments.length, ...attributesOf(batch) },
      },
      ROOT_CONTEXT,
    );
  // A send's trace has the send's id, so that what is submitted later, after a restart too, finds it.
  end(batch.name === "dispatch" ? ids.preset(sendIds(batch.send.id), start) : start(), batch);
  return true;
}

/** One handing over of a send, in the send's trace. */
export function recordSubmit({ tracer }: Recorder, submit: SubmitSpan): void {
  const parent = remoteContext({ ...sendIds(submit.send.id), isSampled: true });
  const attributes = sendAttributes(submit.send);
  const { startedAt: startTime } = submit;
  end(tracer.startSpan("submit", { kind: SpanKind.CLIENT, startTime, attributes }, parent), submit);
}

function end(span: Span, { errorType }: { readonly errorType?: string | undefined }): void {
  if (errorType !== undefined) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute(ATTRIBUTES.errorType, errorType);
  }
  span.end(new Date());
}

function linksOf({ contexts }: Recorder, { payments }: BatchSpan): Link[] {
  return payments.flatMap((payment) => {
    const context = contexts.of(payment);
    if (!context?.isRecorded) return [];
    const { traceId, spanId } = context;
    return [{ context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true } }];
  });
}

function attributesOf(batch: BatchSpan): Attributes {
  switch (batch.name) {
    case "dispatch":
      return sendAttributes(batch.send);
    case "publish":
      return {
        [ATTRIBUTES.system]: "kafka",
        [ATTRIBUTES.operationName]: "publish",
        [ATTRIBUTES.operationType]: "send",
      };
    case "accept":
    case "settle":
      return {};
  }
}

function sendIds(sendId: string) {
  return { traceId: traceIdOfUuid(sendId), spanId: sendSpanId(sendId) };
}

function sendAttributes({ id, rail, kind }: SubmitSpan["send"]): Attributes {
  return {
    [ATTRIBUTES.sendId]: id,
    [ATTRIBUTES.rail]: rail,
    [ATTRIBUTES.sendKind]: kind,
  };
}
