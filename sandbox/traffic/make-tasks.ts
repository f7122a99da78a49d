import type { Directory } from "./directory.ts";
import type { PublishedTask } from "./ledger.ts";

/** Between 2 and about 12 USDC: inside the service's limits, and small enough for the treasury. */
const AMOUNT_BASE = 2_000_000n;

/** Makes tasks whose (wallet, net amount) is unique per run: a transfer on chain names its task by itself. */
export function createTaskMaker(
  directory: Directory,
  feeRate: bigint,
): (occurredAtMs: number) => PublishedTask {
  const run = Date.now().toString(36);
  let sequence = 0;
  return (occurredAtMs) => {
    const n = (sequence += 1);
    const worker = pick(directory.workers, n);
    const platform = pick(directory.platforms, n);
    const amount = AMOUNT_BASE + BigInt(n) * 100n;
    return {
      eventId: `event-${run}-${n}`,
      taskId: `task-${run}-${n}`,
      workerId: worker.id,
      platformId: platform.id,
      wallet: worker.wallet,
      payer: platform.payer,
      currency: "USDC",
      amount,
      netAmount: amount - (amount * feeRate) / 1_000_000n,
      occurredAtMs,
      expected: "completed",
    };
  };
}

function pick<T>(items: readonly T[], n: number): T {
  const item = items[n % items.length];
  if (item === undefined) throw new Error("the directory is empty");
  return item;
}
