import { describe, expect, test } from "vitest";
import { latencyMeasures } from "../../bench/measure/latency-measures.ts";
import { arcTime, circleTimes } from "../../bench/measure/provider-time.ts";
import type { MeasuredPayment } from "../../bench/measure/read-payments.ts";
import type { InsideTransaction } from "../../sandbox/circle/control-client.ts";

const at = (ms: number) => new Date(1_000_000 + ms);

/** Done at 0, planned at 20, sent at 60, taken at 70, in a block that was heard of at 510, acknowledged at 540. */
const payment: MeasuredPayment = {
  platformId: "platform-1",
  taskId: "task-1",
  txHash: "0xab",
  blockNumber: 7,
  occurredAt: at(0),
  startedAt: null,
  receivedAt: at(5),
  acceptedAt: at(20),
  plannedAt: at(20),
  firstSentAt: at(60),
  sentAt: at(60),
  submittedAt: at(70),
  voidWantedAt: null,
  followedAt: at(510),
  logsReadAt: at(515),
  settledAt: at(530),
  publishedAt: at(540),
};

const clocks = (blockAt: number, takenAt: number) => ({
  blockAtMs: new Map([[7, at(blockAt).getTime()]]),
  takenAtMs: new Map([["0xab", at(takenAt).getTime()]]),
});

const posted = (id: string, createdAt: number, hash: `0x${string}`): InsideTransaction => ({
  id,
  createdAtMs: at(createdAt).getTime(),
  state: "COMPLETE",
  refId: "",
  txHash: hash,
  states: [],
  sent: [{ hash, nonce: 0, kind: "original", isBroadcast: true }],
});

describe("a payment's time on arc", () => {
  test("is the provider's from when the node has the transaction until the block can be read", () => {
    expect(arcTime(payment, clocks(500, 65))).toEqual({ providerMs: 435, limiterMs: 0 });
  });

  test("ends when the first of the two heard of the block: a late ear flatters nobody", () => {
    expect(arcTime(payment, clocks(600, 65)).providerMs).toBe(510 - 65);
  });

  test("begins with the node's answer where nobody else heard of the transaction", () => {
    const deaf = { ...clocks(500, 65), takenAtMs: new Map() };
    expect(arcTime(payment, deaf).providerMs).toBe(430);
  });
});

describe("a payment's time at Circle", () => {
  const timesAfter = (earlier: number) =>
    circleTimes(
      [posted("2", 65, "0xab"), posted("1", earlier, "0xcd")],
      5,
      clocks(500, 0),
    )(payment);

  test("was held by the limiter from its plan until a POST was allowed again", () => {
    expect(timesAfter(-150)).toEqual({ providerMs: 435, limiterMs: 30 });
  });

  test("was held by nobody where a POST was allowed all the time", () => {
    expect(timesAfter(-500)).toEqual({ providerMs: 435, limiterMs: 0 });
  });

  test("was held no longer than until its POST had come", () => {
    expect(timesAfter(64).limiterMs).toBe(65 - 20);
  });

  test("of a hash that the emulator does not know is an error, and no zero", () => {
    expect(() => circleTimes([], 5, clocks(500, 0))(payment)).toThrow("knows nothing of 0xab");
  });
});

describe("the measures of latency", () => {
  test("give the service all that is neither the provider's nor the limiter's", () => {
    const measures = latencyMeasures([payment], () => ({ providerMs: 435, limiterMs: 30 }));
    expect(measures).toMatchObject({
      acknowledgedP50Ms: 540,
      providerP50Ms: 435,
      limiterP50Ms: 30,
      ownP50Ms: 75,
    });
  });

  test("have stages that together are the whole", () => {
    const measures = latencyMeasures([payment], () => ({ providerMs: 0, limiterMs: 0 }));
    const stages = ["ingestWait", "accept", "dispatchWait", "submit", "chain", "follow", "settle"];
    const sum = [...stages, "relay"].reduce(
      (total, stage) => total + (measures[`${stage}P50Ms`] ?? NaN),
      0,
    );
    expect(sum).toBe(540);
  });
});
