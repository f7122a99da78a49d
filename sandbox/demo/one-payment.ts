import { setTimeout as delay } from "node:timers/promises";
import { createPublicClient, http, parseAbi, type Address } from "viem";
import { taskKey, type PublishedTask } from "../traffic/ledger.ts";
import type { Say } from "./acts.ts";
import { durationsMs, endedAtMs } from "./board/journey.ts";
import type { Journeys } from "./board/journeys.ts";
import { STAGES } from "./board/stages.ts";
import { seconds } from "./watch.ts";
import type { DemoWorld } from "./world.ts";

const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 20;
/** For a person to read along. */
const LINE_MS = 400;
const balanceOf = parseAbi(["function balanceOf(address) view returns (uint256)"]);

/** One payment in slow text: each stage beside its budget, the transaction, and the worker's balance before and after. */
export async function tellOnePayment(
  world: DemoWorld,
  journeys: Journeys,
  { say, isSlow }: { say: Say; isSlow: boolean },
): Promise<void> {
  const chain = createPublicClient({ transport: http(world.sandbox.chain.rpcUrl) });
  const balance = (wallet: string) =>
    chain.readContract({
      address: world.sandbox.chain.tokens.USDC,
      abi: balanceOf,
      functionName: "balanceOf",
      args: [wallet as Address],
    });
  const published: PublishedTask[] = [];
  await world.traffic.publish(1, 1_000, (task) => published.push(task));
  const task = published[0];
  if (!task) throw new Error("no task was published");
  const before = await balance(task.wallet);
  const { stages, tookMs, txHash } = await untilPaid(world, journeys, task);
  const after = await balance(task.wallet);
  const lines = [
    "",
    `  One task: ${task.taskId} by ${task.workerId}, ${usdc(task.amount)} USDC`,
    ...stages,
    `    transaction    ${txHash}`,
    `    fee ${usdc(task.amount - task.netAmount)}, net ${usdc(task.netAmount)}; the worker's balance ${usdc(before)} → ${usdc(after)} USDC`,
    `    payment.completed arrived ${seconds(tookMs)} after the task was done`,
  ];
  for (const line of lines) {
    say(line);
    if (isSlow) await delay(LINE_MS);
  }
}

/** Waits until the payment has been seen at every stage, and words each one. */
async function untilPaid(world: DemoWorld, journeys: Journeys, task: PublishedTask) {
  const journey = journeys.open.get(taskKey(task));
  if (!journey) throw new Error("the first payment was over before it could be followed");
  const deadlineMs = Date.now() + PATIENCE_MS;
  while (Date.now() < deadlineMs) {
    const durations = durationsMs(journey);
    const outcome = world.events.outcomes.find(({ taskId }) => taskId === task.taskId);
    if (outcome?.kind === "failed") throw new Error(`the first payment failed: ${outcome.code}`);
    if (durations && outcome) {
      const stages = STAGES.slice(1).map(({ name, budgetMs }, i) => {
        const took = String(Math.round(durations[i] ?? 0)).padStart(5);
        return `    ${name.padEnd(14)} ${took} ms   budget ${budgetMs} ms`;
      });
      const tookMs = (endedAtMs(journey) ?? 0) - task.occurredAtMs;
      return { stages, tookMs, txHash: outcome.txHash };
    }
    await delay(LOOK_EVERY_MS);
  }
  throw new Error(`no outcome of the first task within ${PATIENCE_MS} ms`);
}

function usdc(micros: bigint): string {
  return `${micros / 1_000_000n}.${(micros % 1_000_000n).toString().padStart(6, "0")}`;
}
