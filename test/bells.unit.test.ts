import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createBells } from "../src/bells.ts";
import { createPatientWake, type Wake } from "../src/wake.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Counts how often it is heard. */
function listenTo(wake: Wake): { readonly heard: number } {
  const count = { heard: 0 };
  const listen = async () => {
    await wake.heard(1_000_000, new AbortController().signal);
    count.heard += 1;
    await listen();
  };
  void listen();
  return count;
}

test("a patient bell that is rung late rings once its patience is over, however often it was rung", async () => {
  const wake = createPatientWake(100);
  const ears = listenTo(wake);
  wake.ringLate();
  await vi.advanceTimersByTimeAsync(60);
  wake.ringLate();
  expect(ears.heard).toBe(0);
  await vi.advanceTimersByTimeAsync(40);
  expect(ears.heard).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ears.heard).toBe(1);
  wake.ringLate();
  await vi.advanceTimersByTimeAsync(100);
  expect(ears.heard).toBe(2);
});

test("a patient bell that is rung at once has nothing left to ring for", async () => {
  const wake = createPatientWake(100);
  const ears = listenTo(wake);
  wake.ringLate();
  wake.ring();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ears.heard).toBe(1);
});

test("outcomes are numbered for live clients after Kafka has them, and all the same where Kafka is away", async () => {
  const { bells, sequencerBell, webhookBells } = createBells([]);
  const sequencer = listenTo(sequencerBell);
  const fanOut = listenTo(webhookBells.decided);
  bells.relay.ring();
  await vi.advanceTimersByTimeAsync(50);
  expect([sequencer.heard, fanOut.heard]).toEqual([0, 1]);
  await vi.advanceTimersByTimeAsync(50);
  expect(sequencer.heard).toBe(1);
});
