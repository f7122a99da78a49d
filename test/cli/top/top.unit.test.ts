import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { countOn, type Seen } from "../../../src/cli/top/count-on.ts";
import { drawFrame, duration, WIDTH, type Paint } from "../../../src/cli/top/draw-frame.ts";
import { bucketsOf, quantileOf, shareWithin } from "../../../src/cli/top/histogram.ts";
import { readExposition } from "../../../src/cli/top/read-exposition.ts";
import { createLook } from "../../../src/cli/top/top.ts";
import { createMetrics, type Metrics } from "../../../src/metrics/create-metrics.ts";
import { BUDGETS_MS } from "../../../src/metrics/stages.ts";

const plain: Paint = (_, text) => text;

describe("reading an exposition", () => {
  test("what our own registry renders is read back, labels with every odd character included", async () => {
    const metrics = createMetrics({ sloMs: 3_000 });
    const payer = 'a "quoted\\"\nname{}, ok';
    metrics.payerFunds.set({ payer, currency: "USDC" }, 1.5);
    metrics.accepted.add({ origin: "live" }, 7);
    const samples = readExposition((await metrics.render("text/plain")).text);
    expect(samples).toContainEqual(
      expect.objectContaining({
        name: "payments_payer_funds",
        labels: { payer, currency: "USDC" },
        value: 1.5,
        isGauge: true,
      }),
    );
    expect(samples).toContainEqual(
      expect.objectContaining({
        name: "payments_accepted_total",
        labels: { origin: "live" },
        value: 7,
        isGauge: false,
      }),
    );
    expect(samples.filter(({ value }) => Number.isNaN(value))).toEqual([]);
  });

  test("infinities are numbers, and lines that are no samples are passed over", () => {
    const text =
      '# HELP a b\n# TYPE a gauge\na +Inf\nb{x="1"} -Inf\n\nno sample here\nc 1 1700000000\n';
    expect(readExposition(text)).toMatchObject([
      { name: "a", value: Number.POSITIVE_INFINITY, isGauge: true },
      { name: "b", value: Number.NEGATIVE_INFINITY, isGauge: false },
      { name: "c", value: 1 },
    ]);
  });
});

describe("counting on", () => {
  const answer = (startedAt: number, counts: Record<string, number>) =>
    readExposition(
      [
        "# TYPE process_start_time_seconds gauge",
        `process_start_time_seconds ${startedAt}`,
        ...Object.entries(counts).map(([name, value]) => `${name} ${value}`),
      ].join("\n"),
    );
  const grownIn = (seen: Seen | undefined) =>
    Object.fromEntries([...(seen?.grown.values() ?? [])].map(({ name, value }) => [name, value]));

  test("what was there at first sight has not grown; a restart is no step back; a new count grew from 0", () => {
    let seen = countOn(undefined, answer(1, { a: 100 }));
    expect(grownIn(seen)).toEqual({ a: 0 });
    seen = countOn(seen, answer(1, { a: 103, b: 2 }));
    expect(grownIn(seen)).toEqual({ a: 3, b: 2 });
    // Restarted, and by now further than before: all of it is new.
    seen = countOn(seen, answer(2, { a: 110 }));
    expect(grownIn(seen)).toEqual({ a: 113, b: 2 });
  });
});

describe("histograms", () => {
  const buckets = bucketsOf(
    readExposition(
      ['h{le="1"} 50', 'h{le="3"} 90', 'h{le="+Inf"} 100'].map((line) => `${line}\n`).join(""),
    ),
  );

  test("quantiles are as Prometheus reckons them", () => {
    expect(quantileOf(buckets, 0.5)).toBe(1);
    expect(quantileOf(buckets, 0.7)).toBe(2);
    expect(quantileOf(buckets, 0.99)).toBe(3);
    expect(quantileOf([], 0.5)).toBeNull();
  });

  test("a share within a value that no bucket ends at is never too good", () => {
    expect(shareWithin(buckets, 3)).toBe(0.9);
    expect(shareWithin(buckets, 2.9)).toBe(0.5);
    expect(shareWithin([], 3)).toBeNull();
  });
});

describe("frames of instances that are asked", () => {
  const servers: Server[] = [];
  afterEach(() => {
    vi.useRealTimers();
    for (const server of servers.splice(0)) server.close();
  });

  async function instance(metrics: Metrics): Promise<string> {
    const server = createServer((request, response) => {
      void metrics.render(request.headers.accept).then(({ text }) => response.end(text));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  }

  function finish(metrics: Metrics, seconds: number): void {
    metrics.accepted.add({ origin: "live" });
    metrics.finished.add({ code: "none" });
    metrics.endToEnd.observe({ outcome: "completed", origin: "live" }, seconds);
    metrics.stage.observe({ stage: "chain" }, seconds - 0.5);
    metrics.stage.observe({ stage: "submit" }, 0.5);
  }

  test("what is counted adds up over instances, what all of them see does not; the window is what was watched", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const [one, other] = [createMetrics({ sloMs: 3_000 }), createMetrics({ sloMs: 3_000 })];
    for (let n = 0; n < 50; n += 1) finish(one, 9);
    for (const metrics of [one, other]) metrics.open.set({ state: "planned" }, 4);
    other.openOldestAge.set({ state: "planned" }, 7);
    const look = createLook([await instance(one), await instance(other)]);
    expect((await look()).window).toMatchObject({ since: "start" });
    vi.setSystemTime(Date.now() + 10_000);
    for (let n = 0; n < 30; n += 1) finish(one, 1.9);
    for (let n = 0; n < 10; n += 1) finish(other, 3.9);
    other.finished.add({ code: "wallet_blocked" }, 5);
    const frame = await look();
    expect(frame.window).toEqual({ since: "watching", seconds: 10 });
    expect(frame.flow).toEqual({
      acceptedPerSecond: 4,
      completedPerSecond: 4,
      failedPerSecond: 0.5,
    });
    expect(frame.latency).toMatchObject({ threshold: 3, share: 0.75 });
    expect(frame.latency.mean).toBeCloseTo((30 * 1.9 + 10 * 3.9) / 40, 6);
    expect(frame.latency.p50).toBeGreaterThan(1.75);
    expect(frame.latency.p50).toBeLessThan(2);
    const stages = frame.stages.map(({ mean }) => mean ?? 0);
    expect(stages.reduce((sum, mean) => sum + mean, 0)).toBeCloseTo(frame.latency.mean ?? 0, 6);
    expect(frame.open).toContainEqual({ state: "planned", count: 4, oldestAge: 7 });
  });

  test("what was more than a minute ago is forgotten", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const metrics = createMetrics({ sloMs: 3_000 });
    const look = createLook([await instance(metrics)]);
    await look();
    finish(metrics, 9);
    for (let n = 0; n < 7; n += 1) {
      vi.setSystemTime(Date.now() + 10_000);
      await look();
    }
    finish(metrics, 1);
    const frame = await look();
    expect(frame.window.seconds).toBe(60);
    expect(frame.latency).toMatchObject({ share: 1, mean: 1 });
  });

  test("an instance that is away is named; where none answers, nothing is claimed to be well", async () => {
    const metrics = createMetrics({ sloMs: 3_000 });
    const here = await instance(metrics);
    const away = "http://127.0.0.1:1/metrics";
    const half = drawFrame(await createLook([here, away])(), plain).join("\n");
    expect(half).toContain("1 of 2 instances");
    expect(half).toMatch(/^! http:\/\/127\.0\.0\.1:1\/metrics: \S+/m);
    expect(half).toContain("paused    nothing");
    const dark = drawFrame(await createLook([away])(), plain).join("\n");
    expect(dark).toContain("no instance answers: nothing is known");
    expect(dark).not.toContain("paused");
  });

  test("what nobody reports is not known, which is not 0", async () => {
    const bare = createServer((_, response) => response.end("up 1\n"));
    bare.listen(0, "127.0.0.1");
    await once(bare, "listening");
    servers.push(bare);
    const url = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/metrics`;
    const frame = await createLook([url])();
    expect(frame).toMatchObject({
      kafka: { lagRecords: null, lagSeconds: null },
      paused: { everything: null, platforms: null },
      latency: { threshold: null, share: null, mean: null },
      isRestoreOpen: null,
    });
    expect(drawFrame(frame, plain).join("\n")).toContain("paused    –");
  });
});

describe("a drawn frame", () => {
  const MINUTE_BEFORE_MS = Date.parse("2026-11-26T11:59:00Z");
  afterEach(() => void vi.useRealTimers());

  async function frameOf(record: (metrics: Metrics) => void) {
    vi.useFakeTimers({ toFake: ["Date"], now: MINUTE_BEFORE_MS });
    const metrics = createMetrics({ sloMs: 3_000 });
    const server = createServer((_, response) => {
      void metrics.render("text/plain").then(({ text }) => response.end(text));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const look = createLook([`http://127.0.0.1:${port}/metrics`]);
    await look();
    vi.setSystemTime(MINUTE_BEFORE_MS + 60_000);
    record(metrics);
    const frame = await look();
    server.close();
    return frame;
  }

  test("a quiet service and a busy one are drawn as they should be", async () => {
    const frame = await frameOf((metrics) => {
      metrics.build.set({ version: "1", commit: "c", node_version: "v24", rail: "circle" }, 1);
      metrics.accepted.add({ origin: "live" }, 5_000);
      metrics.finished.add({ code: "none" }, 4_980);
      metrics.finished.add({ code: "wallet_blocked" }, 10);
      for (let n = 0; n < 100; n += 1) {
        for (const [stage, ms] of Object.entries(BUDGETS_MS)) {
          const seconds = (stage === "follow" ? ms * 1.5 : ms / 2) / 1_000;
          metrics.stage.observe({ stage: stage as keyof typeof BUDGETS_MS }, seconds);
        }
        metrics.endToEnd.observe({ outcome: "completed", origin: "live" }, n < 97 ? 1.3 : 4);
      }
      metrics.open.set({ state: "planned" }, 12);
      metrics.openOldestAge.set({ state: "planned" }, 1.234);
      metrics.held.set({ reason: "funds" }, 3);
      metrics.heldOldestAge.set({ reason: "funds" }, 7_300);
      metrics.lagRecords.set({ partition: "0" }, 2);
      metrics.lagRecords.set({ partition: "1" }, 3);
      metrics.lagSeconds.set({ partition: "0" }, 0.4);
    });
    expect(`\n${drawFrame(frame, plain).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      gigpay top   1 instance, rail circle          last 60.0 s   2026-11-26T12:00:00Z

      flow      in 83.3/s   paid 83.0/s   failed 0.2/s
      promise   97.0 % of finished payments within 3.00 s
      time      p50 1.38 s   p99 3.83 s   mean 1.38 s

      stage               mean   budget
      ingest_wait        25 ms    50 ms   ██████████████░░░░░░░░░░░░░░ 50 %
      accept             75 ms   150 ms   ██████████████░░░░░░░░░░░░░░ 50 %
      dispatch_wait      75 ms   150 ms   ██████████████░░░░░░░░░░░░░░ 50 %
      submit            200 ms   400 ms   ██████████████░░░░░░░░░░░░░░ 50 %
      chain             800 ms   1.60 s   ██████████████░░░░░░░░░░░░░░ 50 %
      follow             75 ms    50 ms   ████████████████████████████ 150 %  OVER
      settle             50 ms   100 ms   ██████████████░░░░░░░░░░░░░░ 50 %
      relay              25 ms    50 ms   ██████████████░░░░░░░░░░░░░░ 50 %
      unexplained        56 ms

      open           count    oldest      held for       count    oldest
      accepted           0         –      funds              3       2 h
      planned           12    1.23 s      pause              0         –
      voiding            0         –      restore            0         –
      review             0         –

      kafka     5 records behind, 400 ms
      outbox    0 unpublished, oldest –
      letters   0 open, oldest –
      paused    nothing
      "
    `);
  });

  test("every trouble is said in words, and no line is wider than 80 columns", async () => {
    const frame = await frameOf((metrics) => {
      metrics.restoreOpen.set({}, 1);
      metrics.alarms.add({ kind: "paid_after_failed" }, 2);
      metrics.mismatches.set({ kind: "paid_twice" }, 1);
      metrics.outboxRefused.set({}, 4);
      metrics.paused.set({ scope: "all" }, 1);
      metrics.deadLettersOpen.set({}, 123_456_789);
      metrics.deadLettersOldestAge.set({}, 9_999_999);
      for (let n = 0; n < 7; n += 1) {
        const payer = `0x${String(n).repeat(40)}`;
        metrics.payerFunds.set({ payer, currency: "USDC" }, 12);
        metrics.payerDemand.set({ payer, currency: "USDC" }, 123_456_789.5);
      }
      metrics.operatorGasMinimum.set({}, 5);
      metrics.operatorGas.set({ operator: `0x${"ab".repeat(20)}` }, 1.25);
      metrics.sampled.set({ sampler: "database" }, Date.now() / 1_000 - 90);
      metrics.stage.observe({ stage: "retry_wait" }, 400);
      metrics.endToEnd.observe({ outcome: "failed", origin: "live" }, 500);
    });
    const lines = drawFrame(frame, plain);
    expect(lines.filter((line) => line.startsWith("!"))).toMatchInlineSnapshot(`
      [
        "! a restored backup waits for an operator: gigpay restored",
        "! alarm paid_after_failed: 2 since the start",
        "! mismatches of the ledger: 1; see gigpay verify",
        "! Kafka refuses 4 records of ours",
        "! 0x000000…0000 has 12.00 USDC, an hour took 123456789.50",
        "! 0x111111…1111 has 12.00 USDC, an hour took 123456789.50",
        "! 0x222222…2222 has 12.00 USDC, an hour took 123456789.50",
        "! 0x333333…3333 has 12.00 USDC, an hour took 123456789.50",
        "! and 3 more",
        "! operator 0xababab…abab has 1.25 for gas, less than 5.00",
        "! figures of the database are 90.0 s old: do not believe them",
      ]
    `);
    expect(lines).toContainEqual("paused    EVERYTHING: gigpay doctor says by whom and why");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(WIDTH);
  });

  test("durations read well at every size", () => {
    const shown = [null, 0, 0.0004, 0.25, 1.2345, 59.94, 3_600, 90_000, 9_999_999].map(duration);
    expect(shown).toEqual([
      "–",
      "0 ms",
      "0 ms",
      "250 ms",
      "1.23 s",
      "59.9 s",
      "60 min",
      "25 h",
      "116 d",
    ]);
  });
});
