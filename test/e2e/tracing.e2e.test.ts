import { randomBytes } from "node:crypto";
import { sql } from "slonik";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readTraceparent } from "../../src/payment/traceparent.ts";
import { anyRow } from "../../src/database/pool.ts";
import { STAGES } from "../../src/metrics/stages.ts";
import { insertPlatform, insertWorker } from "../support/seed.ts";
import { startCollector, type CollectedSpan, type Collector } from "../tracing/otlp-collector.ts";
import { connectPlatforms, type PlatformEvents } from "./platform-events.ts";
import { troublesOf, type LogLine, type RunningService } from "./running-service.ts";
import { createWorld, runLogged } from "./shared-world.ts";
import { watchTopics, type TopicWatch } from "./watch-topics.ts";
import { taskDone } from "./whole-line.ts";
import type { World } from "./world.ts";

/** One trace of the kinds of stage that a payment has that goes straight through. */
const STRAIGHT = STAGES.filter((stage) => stage !== "retry_wait" && stage !== "void_wait");

const running = new AsyncDisposableStack();
let world: World;
let platforms: PlatformEvents;
let downstream: TopicWatch;
let collector: Collector;
let first: RunningService;
let tasks = 0;

beforeAll(async () => {
  collector = await startCollector();
  running.defer(() => collector.stop());
  world = running.use(await createWorld({ rail: "arc" }));
  await insertPlatform(world.pool, {
    id: "acme",
    taskSource: "event",
    walletAddress: world.treasuries[0]?.address.toLowerCase() ?? "",
  });
  await insertWorker(world.pool, { id: "ann" });
  first = running.use(serve("first", { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }));
  await first.ready;
  platforms = running.use(await connectPlatforms(world));
  downstream = running.use(await watchTopics(world));
});

afterAll(() => running.disposeAsync());

function serve(instance: string, settings: Record<string, string>): RunningService {
  return runLogged({ ...world.settings, ...settings }, instance);
}

/** Tasks that are done, each with the trace context that its record carries; undefined: none. */
async function publish(traceparents: readonly (string | undefined)[]): Promise<readonly string[]> {
  const taskIds = traceparents.map(() => `task-${(tasks += 1)}`);
  const messages = traceparents.map((traceparent, n) => {
    const task = taskDone({ platformId: "acme", taskId: taskIds[n] ?? "", workerId: "ann" });
    const message = platforms.encode(task);
    if (traceparent === undefined) return message;
    return { ...message, headers: { ...message.headers, traceparent } };
  });
  await platforms.send(messages);
  return taskIds;
}

function newTraceparent(flags = "01"): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-${flags}`;
}

/** The context that each task's outgoing record carries, in order. */
function onwardOf(taskIds: readonly string[]) {
  return Promise.all(
    taskIds.map(async (taskId) => {
      const outcome = await downstream.outcomeOf(taskId);
      expect(outcome.kind).toBe("completed");
      return downstream.headersOf(outcome)["traceparent"];
    }),
  );
}

function endsIn({ log }: RunningService, taskIds: readonly string[]): LogLine[] {
  return log.items.filter(
    ({ msg, taskId }) => msg === "payment ended" && taskIds.includes(String(taskId)),
  );
}

function paymentSpans(): CollectedSpan[] {
  return collector.spans.filter(({ name }) => name === `process ${world.topics.tasks}`);
}

/** Trace ids that the metrics of an instance lead to. */
async function exemplarsOf({ log }: RunningService): Promise<readonly string[]> {
  const { port } = await log.next("its port", ({ msg }) => msg === "metrics are served");
  const answer = await fetch(`http://127.0.0.1:${String(port)}/metrics`, {
    headers: { accept: "application/openmetrics-text" },
  });
  const lines = (await answer.text())
    .split("\n")
    .filter((line) => line.startsWith("payments_end_to_end_duration_seconds_bucket"));
  return lines.flatMap((line) => / # \{trace_id="([0-9a-f]+)"\}/.exec(line)?.[1] ?? []);
}

test("one trace is one payment, over a kill -9, from the incoming header to the outgoing one, the log and the exemplar", async () => {
  const came = Array.from({ length: 10 }, () => newTraceparent());
  const early = await publish([...came, ...came.map(() => undefined)]);
  await vi.waitFor(
    async () => {
      const accepted = await world.pool.anyFirst(sql.type(anyRow)`SELECT id FROM payments`);
      expect(accepted).toHaveLength(early.length);
    },
    { timeout: 20_000, interval: 10 },
  );
  await first.kill();
  await using second = serve("second", { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
  await second.ready;
  const onward = await onwardOf(early);
  const late = await publish([newTraceparent(), undefined]);
  onward.push(...(await onwardOf(late)));
  const ends = () => endsIn(second, [...early, ...late]);
  await second.log.until("their lines in the log", () => ends().length >= late.length);
  const exemplars = await exemplarsOf(second);
  expect(await second.stop()).toEqual({ code: 0 });

  // All of it but what the killed process had ended and not yet exported.
  expect(endsIn(second, early).length).toBeGreaterThan(0);
  const spans = paymentSpans();
  for (const line of ends()) {
    const taskId = String(line["taskId"]);
    const index = [...early, ...late].indexOf(taskId);
    const out = readTraceparent(onward[index]);
    const [span, ...twice] = spans.filter(
      ({ attributes }) => attributes["gigstream.task.id"] === taskId,
    );
    expect(twice).toEqual([]);
    expect(line["traceId"]).toBe(span?.traceId);
    expect(out).toEqual({ traceId: span?.traceId, spanId: span?.spanId, isSampled: true });
    const producer = readTraceparent(came[index]);
    if (producer) {
      expect(span).toMatchObject({ traceId: producer.traceId, parentSpanId: producer.spanId });
    }
    const stages = collector.spans.filter(({ parentSpanId }) => parentSpanId === span?.spanId);
    expect(stages.map(({ name }) => name)).toEqual(STRAIGHT);
    const sum = stages.reduce((total, { startMs, endMs }) => total + endMs - startMs, 0);
    expect(sum).toBeCloseTo((span?.endMs ?? 0) - (span?.startMs ?? 0), 3);
  }
  expect(new Set(onward.map((each) => readTraceparent(each)?.traceId)).size).toBe(onward.length);
  expect(exemplars.length).toBeGreaterThan(0);
  expect(spans.map(({ traceId }) => traceId)).toEqual(expect.arrayContaining([...exemplars]));

  for (const taskId of late) {
    const span = spans.find(({ attributes }) => attributes["gigstream.task.id"] === taskId);
    const linked = collector.spans.filter(({ links }) =>
      links.some(({ traceId, spanId }) => traceId === span?.traceId && spanId === span.spanId),
    );
    expect(linked.map(({ name }) => name)).toEqual(["accept", "dispatch", "settle", "publish"]);
    const sent = linked.find(({ name }) => name === "dispatch");
    const submitted = collector.spans.filter(({ parentSpanId }) => parentSpanId === sent?.spanId);
    expect(submitted.map(({ name, kind }) => [name, kind])).toEqual([["submit", "client"]]);
  }
});

describe("traces are nobody's trouble but their own", () => {
  test("a collector that is away costs one line and no payment", async () => {
    await using service = serve("unheard", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" });
    await service.ready;
    await onwardOf(await publish([newTraceparent(), undefined]));
    await service.log.next("the line", ({ msg }) => msg === "traces cannot be exported");
    await onwardOf(await publish([newTraceparent(), undefined]));
    expect(await service.stop()).toEqual({ code: 0 });
    expect(troublesOf(service).map(({ msg }) => msg)).toEqual(["traces cannot be exported"]);
  });

  test("without one the producer's context goes through as it came, and none is made", async () => {
    await using service = serve("untraced", {});
    await service.ready;
    const came = [newTraceparent(), newTraceparent("00"), undefined];
    const taskIds = await publish(came);
    expect(await onwardOf(taskIds)).toEqual(came);
    const [sampled] = came;
    await service.log.until("their lines", () => endsIn(service, taskIds).length === came.length);
    expect(await exemplarsOf(service)).toEqual([readTraceparent(sampled)?.traceId]);
  });
});
