import type { OutcomeEvent } from "../../../sandbox/audit/read-events.ts";
import type { Stamps } from "../../../sandbox/audit/read-stamps.ts";
import type { Transfer } from "../../../sandbox/audit/read-transfers.ts";
import type { PublishedTask } from "../../../sandbox/traffic/ledger.ts";

/** What the auditor would see of a few payments: task `n` of one worker. */
export const task = (n: number, occurredAtMs: number): PublishedTask => ({
  eventId: `event-${n}`,
  taskId: `task-${n}`,
  workerId: "worker-1",
  platformId: "platform-1",
  wallet: "0xworker",
  payer: "0xpayer",
  currency: "USDC",
  amount: BigInt(n),
  netAmount: BigInt(n),
  occurredAtMs,
  expected: "completed",
});

export const transfer = (n: number): Transfer => ({
  token: "0xusdc",
  from: "0xpayer",
  to: "0xworker",
  amount: BigInt(n),
  txHash: `0x${n}`,
  logIndex: 0,
});

export const stamps = (
  n: number,
  acceptedAtMs: number,
  sentAtMs: number | null = null,
  settledAtMs: number | null = null,
): Stamps => ({
  platformId: "platform-1",
  taskId: `task-${n}`,
  acceptedAtMs,
  sentAtMs,
  settledAtMs,
});

export const outcome = (
  n: number,
  arrivedAtMs: number,
  over: Partial<OutcomeEvent> = {},
): OutcomeEvent => ({
  kind: "completed",
  eventId: `outcome-${n}`,
  paymentId: `payment-${n}`,
  generation: 1,
  platformId: "platform-1",
  taskId: `task-${n}`,
  workerId: "worker-1",
  netAmount: BigInt(n),
  txHash: `0x${n}`,
  code: null,
  arrivedAtMs,
  ...over,
});
