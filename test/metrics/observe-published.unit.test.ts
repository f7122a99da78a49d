import { pino } from "pino";
import { expect, test } from "vitest";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { createPublishedObserver } from "../../src/metrics/observe-published.ts";
import { untraced } from "../../src/tracing/tracing.ts";
import type { EndedPayment, PublishedOutcome } from "../../src/payment/published.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const at = (ms: number) => new Date(Date.parse("2026-11-01T12:00:00.000Z") + ms);

function observerWithLog() {
  const metrics = createMetrics({ sloMs: 3_000 });
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { base: null, timestamp: false },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const observe = createPublishedObserver({ metrics, log, tracing: untraced });
  const shown = async (name: string) => {
    const { text } = await metrics.render("application/openmetrics-text");
    return text.split("\n").filter((line) => line.startsWith(name) && !line.endsWith(" 0"));
  };
  return { observe, lines, shown };
}

function completed(changes: Partial<EndedPayment> = {}): PublishedOutcome {
  const payment: EndedPayment = {
    platformId: "acme",
    taskId: "task-1",
    workerId: "worker-1",
    origin: "live",
    rail: "arc",
    txHash: "0xabc",
    traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
    tries: 1,
    paid: { currency: "USDC", net: 48.75, fee: 1.25 },
    stamps: {
      occurredAt: at(0),
      startedAt: null,
      receivedAt: at(20),
      acceptedAt: at(60),
      plannedAt: at(60),
      firstSentAt: at(100),
      sentAt: at(1_100),
      submittedAt: at(1_200),
      voidWantedAt: null,
      followedAt: at(2_200),
      logsReadAt: at(2_205),
      settledAt: at(2_215),
      publishedAt: at(2_240),
    },
    ...changes,
  };
  return { paymentId: "payment-1", generation: 1, kind: "completed", code: null, payment };
}

test("a payment's end is one line with its ids, its outcome and all that its time went to", () => {
  const { observe, lines } = observerWithLog();
  observe({ records: 1, outcomes: [completed()] });
  expect(lines).toEqual([
    {
      level: 30,
      paymentId: "payment-1",
      generation: 1,
      outcome: "completed",
      code: null,
      platformId: "acme",
      taskId: "task-1",
      workerId: "worker-1",
      txHash: "0xabc",
      traceId: TRACE_ID,
      origin: "live",
      rail: "arc",
      tries: 2,
      endToEndMs: 2_240,
      stagesMs: {
        ingest_wait: 20,
        accept: 40,
        dispatch_wait: 40,
        retry_wait: 1_000,
        submit: 100,
        chain: 1_000,
        follow: 5,
        settle: 10,
        relay: 25,
      },
      msg: "payment ended",
    },
  ]);
});

test("the stages' times sum to the end-to-end time, and an exemplar leads to the trace", async () => {
  const { observe, shown } = observerWithLog();
  observe({ records: 3, outcomes: [completed(), completed({ origin: "live" })] });
  expect(await shown("payments_outbox_published_records_total")).toEqual([
    "payments_outbox_published_records_total 3",
  ]);
  const [endToEnd] = await shown("payments_end_to_end_duration_seconds_sum");
  const stages = await shown("payments_stage_duration_seconds_sum");
  const sum = stages.reduce((total, line) => total + Number(line.split(" ")[1]), 0);
  expect(Number(endToEnd?.split(" ")[1])).toBeCloseTo(4.48, 9);
  expect(sum).toBeCloseTo(4.48, 9);
  const exemplars = await shown("payments_end_to_end_duration_seconds_bucket");
  expect(exemplars.some((line) => line.includes(`trace_id="${TRACE_ID}"`))).toBe(true);
  expect(await shown("payments_settled_amount_total")).toEqual([
    'payments_settled_amount_total{currency="USDC"} 97.5',
  ]);
});

test("a business no is told from a payment that should have gone through", async () => {
  const { observe, shown, lines } = observerWithLog();
  const failed = (code: "task_not_found" | "attempts_exhausted"): PublishedOutcome => ({
    ...completed({ paid: null, txHash: null, tries: 0 }),
    kind: "failed",
    code,
  });
  observe({ records: 2, outcomes: [failed("task_not_found"), failed("attempts_exhausted")] });
  expect(lines.map(({ outcome, tries }) => ({ outcome, tries }))).toEqual([
    { outcome: "rejected", tries: 0 },
    { outcome: "failed", tries: 0 },
  ]);
  expect(await shown("payments_finished_total")).toEqual([
    'payments_finished_total{code="task_not_found"} 1',
    'payments_finished_total{code="attempts_exhausted"} 1',
  ]);
  expect(await shown("payments_tries_count"), "nothing was ever tried").toEqual([]);
});

test("a replay's time is told by its origin, and is none of the promise's stages", async () => {
  const { observe, shown } = observerWithLog();
  observe({ records: 1, outcomes: [completed({ origin: "retry" })] });
  expect(await shown("payments_end_to_end_duration_seconds_count")).toEqual([
    'payments_end_to_end_duration_seconds_count{outcome="completed",origin="retry"} 1',
  ]);
  expect(await shown("payments_stage_duration_seconds_count")).toEqual([]);
});

test("an outcome whose payment has gone on to a later generation is counted, and no longer measured", async () => {
  const { observe, shown, lines } = observerWithLog();
  observe({
    records: 1,
    outcomes: [{ ...completed(), kind: "failed", code: null, payment: null }],
  });
  expect(lines).toEqual([
    {
      level: 30,
      paymentId: "payment-1",
      generation: 1,
      outcome: "failed",
      code: null,
      msg: "payment ended",
    },
  ]);
  expect(await shown("payments_end_to_end_duration_seconds_count")).toEqual([]);
});

test.each([
  "0af7651916cd43dd8448eb211c80319c",
  `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
  `00-${TRACE_ID}-${"0".repeat(16)}-01`,
  `01-${TRACE_ID}-b7ad6b7169203331-01`,
])("%s names no trace", async (traceparent) => {
  const { observe, shown, lines } = observerWithLog();
  observe({ records: 1, outcomes: [completed({ traceparent })] });
  expect(lines[0]).not.toHaveProperty("traceId");
  const buckets = await shown("payments_end_to_end_duration_seconds_bucket");
  expect(buckets.some((line) => line.includes("trace_id"))).toBe(false);
});
