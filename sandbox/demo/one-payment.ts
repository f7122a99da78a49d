import { setTimeout as delay } from "node:timers/promises";
import { createPublicClient, http, parseAbi, type Address } from "viem";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import type { PublishedTask } from "../traffic/ledger.ts";
import { seconds } from "./watch.ts";
import type { DemoWorld } from "./world.ts";

const GIGPAY = fileURLToPath(new URL("../../src/cli/gigpay.ts", import.meta.url));
const PATIENCE_MS = 60_000;
const balanceOf = parseAbi(["function balanceOf(address) view returns (uint256)"]);

const payment = z.object({
  txHash: z.string(),
  fee: z.string(),
  netAmount: z.string(),
  timeline: z.array(z.object({ stage: z.string(), durationMs: z.number(), budgetMs: z.number() })),
});

/** One payment in slow text: each stage beside its budget, the transaction, and the worker's balance. */
export async function tellOnePayment(world: DemoWorld, say: (line: string) => void): Promise<void> {
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
  const outcome = await untilOutcome(world, task.taskId);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [GIGPAY, "get", outcome.paymentId, "--json"],
    { env: { ...world.settings }, timeout: PATIENCE_MS },
  );
  const paid = payment.parse(JSON.parse(stdout));
  const after = await balance(task.wallet);
  say("");
  say(`  One task: ${task.taskId} by ${task.workerId}, ${usdc(task.amount)} USDC`);
  for (const { stage, durationMs, budgetMs } of paid.timeline) {
    say(`    ${stage.padEnd(14)} ${String(durationMs).padStart(5)} ms   budget ${budgetMs} ms`);
  }
  say(`    transaction    ${paid.txHash}`);
  say(
    `    fee ${paid.fee}, net ${paid.netAmount}; the worker's balance ${usdc(after - task.netAmount)} → ${usdc(after)} USDC`,
  );
  say(
    `    payment.completed arrived ${seconds(outcome.arrivedAtMs - task.occurredAtMs)} after the task was done`,
  );
}

async function untilOutcome(
  world: DemoWorld,
  taskId: string,
): Promise<{ paymentId: string; arrivedAtMs: number }> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  while (Date.now() < deadlineMs) {
    const outcome = world.events.outcomes.find((event) => event.taskId === taskId);
    if (outcome?.kind === "completed") return outcome;
    if (outcome) throw new Error(`the first payment failed: ${outcome.code}`);
    await delay(20);
  }
  throw new Error(`no outcome of the first task within ${PATIENCE_MS} ms`);
}

function usdc(micros: bigint): string {
  return `${micros / 1_000_000n}.${(micros % 1_000_000n).toString().padStart(6, "0")}`;
}
