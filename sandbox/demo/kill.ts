import { setTimeout as delay } from "node:timers/promises";
import type { OutcomeEvent } from "../audit/read-events.ts";
import type { Transfer } from "../audit/read-transfers.ts";
import { taskKey, type PublishedTask } from "../traffic/ledger.ts";
import { endedTasks } from "./watch.ts";

/** What a supervisor waits before it starts the service again. */
const RESTART_AFTER_MS = 1_000;

/** A kill as it was seen from outside: by ledger, chain and Kafka. */
export interface KillReport {
  readonly killedAtMs: number;
  readonly readyAgainMs: number;
  /** Tasks without an outcome when the service died, or published while it was dead. */
  readonly caught: ReadonlySet<string>;
  /** Of those: money already on the chain when it came back. They must not be sent again. */
  readonly alreadyPaid: number;
  /** From the kill to the first outcome of a task that was published after it. */
  readonly firstNewPaymentMs: number | null;
}

export interface KillDeps {
  readonly tasks: ReadonlyMap<string, PublishedTask>;
  readonly outcomes: readonly OutcomeEvent[];
  readTransfers(): Promise<readonly Transfer[]>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Resolves when it is ready again. */
  restart(): Promise<void>;
}

/** Kills the service without warning, restarts it after a second, and says what was under way. */
export async function killAndRestart(
  deps: KillDeps,
): Promise<Omit<KillReport, "firstNewPaymentMs">> {
  const killedAtMs = Date.now();
  await deps.kill();
  const endedAtKill = endedTasks(deps.outcomes);
  await delay(RESTART_AFTER_MS);
  // Asked before the service is back, but not waited for: a supervisor would not wait either.
  const transfersAtRestart = deps.readTransfers();
  await deps.restart();
  const paidAmounts = new Set(
    (await transfersAtRestart).map(({ to, amount }) => `${to}:${amount}`),
  );
  const caught = new Set(
    [...deps.tasks.values()].map(taskKey).filter((key) => !endedAtKill.has(key)),
  );
  const alreadyPaid = [...caught].filter((key) => {
    const task = deps.tasks.get(key);
    return task !== undefined && paidAmounts.has(`${task.wallet}:${task.netAmount}`);
  });
  return {
    killedAtMs,
    readyAgainMs: Date.now() - killedAtMs,
    caught,
    alreadyPaid: alreadyPaid.length,
  };
}

/** Completes a report once the outcomes are in. */
export function firstNewPayment(
  killedAtMs: number,
  tasks: ReadonlyMap<string, PublishedTask>,
  outcomes: readonly OutcomeEvent[],
): number | null {
  const arrivals = outcomes.flatMap((outcome) => {
    const task = tasks.get(taskKey(outcome));
    const isNew = task !== undefined && task.occurredAtMs > killedAtMs;
    return isNew && outcome.kind === "completed" ? [outcome.arrivedAtMs - killedAtMs] : [];
  });
  return arrivals.length === 0 ? null : Math.min(...arrivals);
}
