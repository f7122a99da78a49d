import { pino } from "pino";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readTraceparent } from "../../src/payment/traceparent.ts";
import { readSettings } from "../../src/settings/read-settings.ts";
import { common } from "../../src/settings/known-settings.ts";
import type { CommonSettings } from "../../src/config.ts";
import { startTracing } from "../../src/tracing/start-tracing.ts";
import type { TracedPayment, Tracing } from "../../src/tracing/tracing.ts";
import { PAYMENT_ID, publishedOf } from "./ended-payment.ts";
import { startCollector, type Collector, type CollectorOptions } from "./otlp-collector.ts";

const PRODUCER = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
const SAMPLED = `00-${PRODUCER.traceId}-${PRODUCER.spanId}-01`;
const UNSAMPLED = `00-${PRODUCER.traceId}-${PRODUCER.spanId}-00`;
const STOP_MS = 2_000;

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function collecting(options?: CollectorOptions): Promise<Collector> {
  const collector = await startCollector(options);
  stops.push(() => collector.stop());
  return collector;
}

function settings(environment: Record<string, string>): CommonSettings {
  return readSettings(common, { INSTANCE_ID: "one", ...environment }, []);
}

interface Traced {
  readonly tracing: Tracing;
  readonly lines: { readonly msg: string }[];
}

async function trace(environment: Record<string, string>): Promise<Traced> {
  const lines: { msg: string }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const tracing = await startTracing(settings(environment), log);
  stops.push(() => tracing.stop(STOP_MS));
  return { tracing, lines };
}

async function traceTo({ endpoint }: Collector, more: Record<string, string> = {}) {
  return trace({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...more });
}

const first = (traceparent: string | null): TracedPayment => ({
  paymentId: PAYMENT_ID,
  generation: 1,
  traceparent,
});

describe("a payment's trace", () => {
  test("goes on below the producer's span, as long as the payment took, with its stages end to end", async () => {
    const collector = await collecting();
    const { tracing } = await traceTo(collector, { TOPIC_TASK_COMPLETED: "tasks" });
    tracing.ended(publishedOf({}, { traceparent: SAMPLED }));
    await tracing.stop(STOP_MS);
    const [whole, ...others] = collector.spans.filter(({ kind }) => kind === "consumer");
    expect(others).toEqual([]);
    expect(whole).toMatchObject({
      name: "process tasks",
      traceId: PRODUCER.traceId,
      parentSpanId: PRODUCER.spanId,
      isError: false,
      attributes: {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": "tasks",
        "gigstream.payment.id": PAYMENT_ID,
        "gigstream.payment.generation": 1,
        "gigstream.task.id": "task-1",
        "gigstream.payment.outcome": "completed",
      },
      resource: { "service.name": "gigstream-payments", "service.instance.id": "one" },
    });
    expect(whole && whole.endMs - whole.startMs).toBe(1_500);
    const stages = collector.spans.filter(({ parentSpanId }) => parentSpanId === whole?.spanId);
    expect(stages.map(({ name, startMs, endMs }) => [name, endMs - startMs])).toEqual([
      ["ingest_wait", 20],
      ["accept", 30],
      ["dispatch_wait", 50],
      ["submit", 200],
      ["chain", 1_000],
      ["follow", 20],
      ["settle", 80],
      ["relay", 100],
    ]);
    expect(stages.slice(1).map(({ startMs }) => startMs)).toEqual(
      stages.slice(0, -1).map(({ endMs }) => endMs),
    );
  });

  test("begins with the payment where the event brought none, under the payment's own id", async () => {
    const collector = await collecting();
    const { tracing } = await traceTo(collector);
    const traceparent = tracing.begin(PAYMENT_ID);
    tracing.ended(publishedOf({}, { traceparent }));
    tracing.ended(publishedOf({ generation: 2 }, { traceparent }));
    await tracing.stop(STOP_MS);
    const [one, two] = collector.spans.filter(({ kind }) => kind === "consumer");
    expect(one).toMatchObject({ traceId: PAYMENT_ID.replaceAll("-", ""), parentSpanId: "" });
    // A later generation goes on where the first one ended.
    expect(two).toMatchObject({ traceId: one?.traceId, parentSpanId: one?.spanId });
    expect(two?.spanId).not.toBe(one?.spanId);
  });

  test("names in the outgoing record the span that is recorded later, by whichever process, however often", async () => {
    const collectors = [await collecting(), await collecting()];
    for (const [n, collector] of collectors.entries()) {
      const { tracing } = await traceTo(collector, { INSTANCE_ID: `instance ${n}` });
      tracing.ended(publishedOf({}, { traceparent: SAMPLED }));
      const onward = readTraceparent(tracing.onward(first(SAMPLED)));
      await tracing.stop(STOP_MS);
      const recorded = collector.spans.find(({ kind }) => kind === "consumer");
      expect(onward).toEqual({
        traceId: PRODUCER.traceId,
        spanId: recorded?.spanId,
        isSampled: true,
      });
      expect(tracing.recordedTrace(first(SAMPLED))).toBe(PRODUCER.traceId);
    }
    const spanIds = collectors.flatMap(({ spans }) =>
      spans.filter(({ kind }) => kind === "consumer").map(({ spanId }) => spanId),
    );
    expect(spanIds).toEqual([spanIds[0], spanIds[0]]);
  });

  test("that its producer does not record is not recorded, and goes through as it came", async () => {
    const collector = await collecting();
    const { tracing } = await traceTo(collector);
    tracing.ended(publishedOf({}, { traceparent: UNSAMPLED }));
    expect(tracing.onward(first(UNSAMPLED))).toBe(UNSAMPLED);
    expect(tracing.recordedTrace(first(UNSAMPLED))).toBeUndefined();
    await tracing.stop(STOP_MS);
    expect(collector.spans).toEqual([]);
  });

  test("a sampler that does not go by the producer records it all the same", async () => {
    const collector = await collecting();
    const { tracing } = await traceTo(collector, { OTEL_TRACES_SAMPLER: "always_on" });
    tracing.ended(publishedOf({}, { traceparent: UNSAMPLED }));
    expect(readTraceparent(tracing.onward(first(UNSAMPLED)))).toMatchObject({ isSampled: true });
    await tracing.stop(STOP_MS);
    expect(collector.spans.map(({ kind }) => kind)).toContain("consumer");
  });

  test("a ratio decides once for a trace that begins here, whatever another process is told later", async () => {
    const collector = await collecting();
    const none = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" };
    const { tracing: unsampling } = await traceTo(collector, none);
    const { tracing: sampling } = await traceTo(collector);
    const unsampled = unsampling.begin(PAYMENT_ID);
    sampling.ended(publishedOf({}, { traceparent: unsampled }));
    expect(sampling.onward(first(unsampled))).toBe(unsampled);
    const sampled = sampling.begin(PAYMENT_ID);
    unsampling.ended(publishedOf({}, { traceparent: sampled }));
    await Promise.all([sampling.stop(STOP_MS), unsampling.stop(STOP_MS)]);
    expect(collector.spans.filter(({ kind }) => kind === "consumer")).toHaveLength(1);
  });

  test("a definite no is an answer; what should have gone through and did not is an error", async () => {
    const collector = await collecting();
    const { tracing } = await traceTo(collector);
    const traceparent = SAMPLED;
    tracing.ended(publishedOf({ kind: "failed", code: "wallet_blocked" }, { traceparent }));
    tracing.ended(
      publishedOf({ generation: 2, kind: "failed", code: "attempts_exhausted" }, { traceparent }),
    );
    await tracing.stop(STOP_MS);
    const ended = collector.spans.filter(({ kind }) => kind === "consumer");
    expect(ended.map(({ isError, attributes }) => [isError, attributes["error.type"]])).toEqual([
      [false, undefined],
      [true, "attempts_exhausted"],
    ]);
  });
});

describe("batches", () => {
  const startedAt = new Date();
  const other = { ...first(UNSAMPLED), paymentId: "0f9a1c55-3d2e-5f70-8a91-b2c3d4e5f608" };

  test("are traces of their own that link to the payments that are recorded", async () => {
    const collector = await collecting();
    const { tracing } = await traceTo(collector);
    for (const name of ["accept", "settle", "publish"] as const) {
      tracing.batch({ name, startedAt, payments: [first(SAMPLED), other] });
    }
    tracing.batch({ name: "accept", startedAt, payments: [other] });
    tracing.ended(publishedOf({}, { traceparent: SAMPLED }));
    await tracing.stop(STOP_MS);
    const payment = collector.spans.find(({ kind }) => kind === "consumer");
    const batches = collector.spans.filter(({ traceId }) => traceId !== PRODUCER.traceId);
    expect(batches.map(({ name, kind }) => [name, kind])).toEqual([
      ["accept", "internal"],
      ["settle", "internal"],
      ["publish", "producer"],
    ]);
    for (const { links, parentSpanId, attributes } of batches) {
      expect(links).toEqual([{ traceId: PRODUCER.traceId, spanId: payment?.spanId }]);
      expect({ parentSpanId, count: attributes["messaging.batch.message_count"] }).toEqual({
        parentSpanId: "",
        count: 2,
      });
    }
    expect(new Set(batches.map(({ traceId }) => traceId)).size).toBe(batches.length);
  });

  test("link to no more payments than a span may have links, and still count them all", async () => {
    const collector = await collecting();
    const { tracing } = await traceTo(collector);
    const payments = Array.from({ length: 500 }, (_, n) => ({
      ...first(SAMPLED),
      generation: n + 1,
    }));
    tracing.batch({ name: "accept", startedAt, payments });
    await tracing.stop(STOP_MS);
    expect(collector.spans[0]?.links).toHaveLength(128);
    expect(collector.spans[0]?.attributes["messaging.batch.message_count"]).toBe(500);
  });

  test("a send's trace holds each of its submissions, those after a restart too; one of an unrecorded send is none", async () => {
    const collector = await collecting();
    const { tracing } = await traceTo(collector);
    const send = { id: "f47ac10b-58cc-4372-a567-0e02b2c3d479", rail: "arc", kind: "pay" } as const;
    const silent = { ...send, id: "f47ac10b-58cc-4372-a567-0e02b2c3d480" };
    tracing.batch({ name: "dispatch", send, startedAt, payments: [first(SAMPLED)] });
    tracing.batch({ name: "dispatch", send: silent, startedAt, payments: [other] });
    tracing.submit({ send, startedAt, errorType: "CHAIN_UNAVAILABLE" });
    tracing.submit({ send: silent, startedAt });
    await tracing.stop(STOP_MS);
    const { tracing: restarted } = await traceTo(collector);
    restarted.submit({ send, startedAt });
    await restarted.stop(STOP_MS);
    const [formed, ...submitted] = collector.spans;
    expect(formed).toMatchObject({ name: "dispatch", traceId: send.id.replaceAll("-", "") });
    expect(
      submitted.map(({ kind, parentSpanId, isError }) => [kind, parentSpanId, isError]),
    ).toEqual([
      ["client", formed?.spanId, true],
      ["client", formed?.spanId, false],
    ]);
    expect(submitted[0]?.attributes["error.type"]).toBe("CHAIN_UNAVAILABLE");
  });
});

describe("the export", () => {
  test("goes to the standard path with the headers that were set, secrets and all, and to a path of its own if told", async () => {
    const collector = await collecting();
    const OTEL_EXPORTER_OTLP_HEADERS = "authorization=Bearer%20abc,x-tenant=pay";
    const { tracing } = await traceTo(collector, { OTEL_EXPORTER_OTLP_HEADERS });
    const { tracing: elsewhere } = await trace({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.endpoint}/elsewhere`,
    });
    for (const each of [tracing, elsewhere]) {
      each.ended(publishedOf({}, { traceparent: SAMPLED }));
      await each.stop(STOP_MS);
    }
    expect(collector.requests.map(({ path }) => path)).toEqual(["/v1/traces", "/elsewhere"]);
    expect(collector.requests[0]?.headers).toMatchObject({
      authorization: "Bearer abc",
      "x-tenant": "pay",
      "content-type": "application/x-protobuf",
    });
  });

  test("that is refused costs one line, which has none of what was sent back, and nothing else", async () => {
    const collector = await collecting({ status: 500 });
    const OTEL_EXPORTER_OTLP_HEADERS = "authorization=canary-token";
    const { tracing, lines } = await traceTo(collector, { OTEL_EXPORTER_OTLP_HEADERS });
    for (let n = 0; n < 2_000; n += 1) tracing.ended(publishedOf({}, { traceparent: SAMPLED }));
    await tracing.stop(STOP_MS);
    expect(collector.requests.length).toBeGreaterThan(1);
    expect(lines.map(({ msg }) => msg)).toEqual([
      "traces are exported",
      "traces cannot be exported",
    ]);
    expect(JSON.stringify(lines)).not.toContain("canary");
  });

  test("that works again says so, with what was lost", async () => {
    const collector = await collecting({ status: 400 });
    const { tracing, lines } = await traceTo(collector);
    tracing.ended(publishedOf({}, { traceparent: SAMPLED }));
    await vi.waitFor(() => expect(lines).toHaveLength(2), 5_000);
    collector.answerWith(200);
    tracing.ended(publishedOf({}, { traceparent: SAMPLED }));
    await collector.until((spans) => spans.length > 0);
    await vi.waitFor(() =>
      expect(lines.at(-1)).toMatchObject({ msg: "traces are exported again", lost: 9 }),
    );
  });

  test("that never answers does not hold a stop up", async () => {
    const collector = await collecting({ status: 0 });
    const { tracing } = await traceTo(collector);
    tracing.ended(publishedOf({}, { traceparent: SAMPLED }));
    await tracing.stop(50);
    expect(collector.spans).toEqual([]);
  });

  test("without an endpoint, or switched off, there is none: the producer's context goes through untouched", async () => {
    const off = [
      await trace({}),
      await trace({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_SDK_DISABLED: "true" }),
    ];
    for (const { tracing, lines } of off) {
      expect(tracing.begin(PAYMENT_ID)).toBeNull();
      expect(tracing.onward(first(UNSAMPLED))).toBe(UNSAMPLED);
      expect(tracing.onward(first(null))).toBeNull();
      expect(tracing.recordedTrace(first(SAMPLED))).toBe(PRODUCER.traceId);
      expect(tracing.recordedTrace(first(UNSAMPLED))).toBeUndefined();
      tracing.batch({ name: "accept", startedAt: new Date(), payments: [first(SAMPLED)] });
      tracing.ended(publishedOf({}, { traceparent: SAMPLED }));
      expect(lines).toEqual([]);
    }
  });
});
