import * as fc from "fast-check";
import { expect, test } from "vitest";
import { spansOf } from "../../src/metrics/stage-spans.ts";
import { STAGES } from "../../src/metrics/stages.ts";
import type { PaymentStamps } from "../../src/payment/stamps.ts";

const T0 = Date.parse("2026-11-01T12:00:00.000Z");
const at = (ms: number) => new Date(T0 + ms);

/** A payment that went straight through, each place a hundred milliseconds after the one before. */
function stampsOf(changes: Partial<PaymentStamps> = {}): PaymentStamps {
  return {
    occurredAt: at(0),
    startedAt: null,
    receivedAt: at(100),
    acceptedAt: at(200),
    plannedAt: at(200),
    firstSentAt: at(300),
    sentAt: at(300),
    submittedAt: at(400),
    voidWantedAt: null,
    followedAt: at(500),
    logsReadAt: at(600),
    settledAt: at(700),
    publishedAt: at(800),
    ...changes,
  };
}

const shown = (stamps: PaymentStamps) =>
  spansOf(stamps).map(({ stage, from, to }) => `${stage} ${to.getTime() - from.getTime()}`);

const NOTHING_SENT = {
  firstSentAt: null,
  sentAt: null,
  submittedAt: null,
  followedAt: null,
  logsReadAt: null,
};

test("a payment that goes straight through has every stage but the waits for a retry and a void", () => {
  expect(shown(stampsOf())).toEqual([
    "ingest_wait 100",
    "accept 100",
    "dispatch_wait 100",
    "submit 100",
    "chain 100",
    "follow 100",
    "settle 100",
    "relay 100",
  ]);
});

test("one that fails at acceptance was only read, decided and published", () => {
  const failed = { ...NOTHING_SENT, plannedAt: null, settledAt: at(200), publishedAt: at(260) };
  expect(shown(stampsOf(failed))).toEqual(["ingest_wait 100", "accept 100", "relay 60"]);
});

test("waiting for an unknown task is a wait for a retry, whether it is planned in the end or given up", () => {
  const failed = {
    ...NOTHING_SENT,
    plannedAt: null,
    settledAt: at(12_200),
    publishedAt: at(12_260),
  };
  expect(shown(stampsOf(failed))).toContain("retry_wait 12000");
  expect(shown(stampsOf(failed))).toHaveLength(4);
  const planned = shown(stampsOf({ plannedAt: at(250) }));
  expect(planned.slice(2, 4)).toEqual(["retry_wait 50", "dispatch_wait 50"]);
});

test("what lies between the first send and the last is a wait for a retry", () => {
  const late = { sentAt: at(6_300), submittedAt: at(6_400), followedAt: at(6_500) };
  const stamps = stampsOf({
    ...late,
    logsReadAt: at(6_600),
    settledAt: at(6_700),
    publishedAt: null,
  });
  expect(shown(stamps).slice(2)).toEqual([
    "dispatch_wait 100",
    "retry_wait 6000",
    "submit 100",
    "chain 100",
    "follow 100",
    "settle 100",
  ]);
});

test("a void is waited for from when it was wanted; before that the payment was to be paid", () => {
  const voided = { voidWantedAt: at(450), followedAt: at(2_450), logsReadAt: at(2_460) };
  const stamps = stampsOf({ ...voided, settledAt: at(2_470), publishedAt: at(2_480) });
  expect(shown(stamps).slice(3)).toEqual([
    "submit 100",
    "chain 50",
    "void_wait 2000",
    "follow 10",
    "settle 10",
    "relay 10",
  ]);
});

test("one that is cancelled before it was ever sent waits for dispatch, and then for its void", () => {
  const cancelled = { ...NOTHING_SENT, firstSentAt: at(900), voidWantedAt: at(800) };
  const closed = { followedAt: at(1_400), logsReadAt: at(1_500), settledAt: at(1_600) };
  expect(shown(stampsOf({ ...cancelled, ...closed, publishedAt: at(1_700) }))).toEqual([
    "ingest_wait 100",
    "accept 100",
    "dispatch_wait 600",
    "void_wait 600",
    "follow 100",
    "settle 100",
    "relay 100",
  ]);
});

test("a later generation's clock begins with the operator's act", () => {
  const retried = { startedAt: at(100_200), plannedAt: at(100_200), firstSentAt: at(100_300) };
  const sent = { sentAt: at(100_300), submittedAt: null, followedAt: at(100_500) };
  const settled = { logsReadAt: null, settledAt: at(100_700), publishedAt: at(100_800) };
  expect(shown(stampsOf({ ...retried, ...sent, ...settled }))).toEqual([
    "ingest_wait 0",
    "accept 0",
    "dispatch_wait 100",
    "chain 200",
    "settle 200",
    "relay 100",
  ]);
});

test("an event from our future begins when it comes", () => {
  expect(shown(stampsOf({ occurredAt: at(5_000) }))[0]).toBe("ingest_wait 0");
  expect(spansOf(stampsOf({ occurredAt: at(5_000) }))[0]?.from).toEqual(at(100));
});

test("what the chain had settled before it was ever sent here is all settlement", () => {
  const adopted = { ...NOTHING_SENT, followedAt: at(-5_000), logsReadAt: at(-5_000) };
  expect(shown(stampsOf(adopted)).slice(2)).toEqual(["follow 0", "settle 500", "relay 100"]);
});

const time = fc.integer({ min: -10_000, max: 10_000 }).map(at);
const hint = fc.option(time, { nil: null });
const anyStamps = fc.record<PaymentStamps>({
  occurredAt: time,
  startedAt: hint,
  receivedAt: time,
  acceptedAt: time,
  plannedAt: hint,
  firstSentAt: hint,
  sentAt: hint,
  submittedAt: hint,
  voidWantedAt: hint,
  followedAt: hint,
  logsReadAt: hint,
  settledAt: time,
  publishedAt: hint,
});

/** Plain comparisons: a matcher per span would take most of the test's time. */
test("whatever the stamps, in whatever order, no stage is negative and they sum to the end-to-end time", () => {
  fc.assert(
    fc.property(anyStamps, (stamps) => {
      const { occurredAt, startedAt, receivedAt, settledAt, publishedAt } = stamps;
      const begin = startedAt ?? (occurredAt < receivedAt ? occurredAt : receivedAt);
      const ends = [begin, settledAt ?? begin, publishedAt ?? begin].map((end) => end.getTime());
      let since = begin.getTime();
      let sum = 0;
      for (const { from, to } of spansOf(stamps)) {
        if (from.getTime() !== since || to < from) return false;
        since = to.getTime();
        sum += since - from.getTime();
      }
      return since === Math.max(...ends) && sum === since - begin.getTime();
    }),
    { numRuns: 2_000 },
  );
});

test("stages come in the order of their list, but for the retry's wait, which may come twice", () => {
  const once = STAGES.filter((stage) => stage !== "retry_wait");
  fc.assert(
    fc.property(anyStamps, (stamps) => {
      const met = spansOf(stamps).map(({ stage }) => stage);
      const order = met.filter((stage) => stage !== "retry_wait");
      const isOnceEach = new Set(order).size === order.length;
      const isInOrder = once.filter((stage) => order.includes(stage)).join() === order.join();
      return isOnceEach && isInOrder && met.length - order.length <= 2;
    }),
    { numRuns: 500 },
  );
});
