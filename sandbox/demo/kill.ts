import { setTimeout as delay } from "node:timers/promises";
import type { OutcomeEvent } from "../audit/read-events.ts";
import type { StampReader } from "../audit/read-stamps.ts";
import { taskKey, type PublishedTask } from "../traffic/ledger.ts";
import type { Journeys } from "./board/journeys.ts";
import { ON_CHAIN } from "./board/stages.ts";

/** What a supervisor waits before it starts the service again. */
const RESTART_AFTER_MS = 1_000;
const RECOVERY_MAX_MS = 60_000;
const LOOK_EVERY_MS = 100;

/** What can be said as soon as the service is back. */
export interface Return {
  readonly killedAtMs: number;
  readonly readyAgainMs: number;
  /** Tasks without an outcome when the service died, or published while it was dead. */
  readonly caught: ReadonlySet<string>;
  /** Of those: money already on the chain when it was started again. */
  readonly alreadyPaid: number;
}

/** A kill as it was seen from outside: by ledger, chain, Kafka and the stored sends. */
export interface KillReport extends Return {
  /** Of the already paid: not sent again. */
  readonly notSentAgain: number;
  /** Stored but unanswered when it died, and answered since: sent again under the same id, key and refs. */
  readonly sentAgain: number;
  /** The rest went on from where they were. */
  readonly wentOn: number;
  /** From the kill to the first outcome of a task that was published after it. */
  readonly firstNewPaymentMs: number | null;
}

export interface KillDeps {
  readonly tasks: ReadonlyMap<string, PublishedTask>;
  readonly outcomes: readonly OutcomeEvent[];
  readonly journeys: Journeys;
  readonly stamps: StampReader;
  /** kill -9. */
  kill(): Promise<void>;
  /** Resolves when it is ready again. */
  restart(): Promise<void>;
  onBack(back: Return): void;
}

/** Kills the service without warning, restarts it after a second, and says what became of all that was under way. */
export async function killAndRestart(deps: KillDeps): Promise<KillReport> {
  const { journeys, stamps } = deps;
  const killedAtMs = Date.now();
  await deps.kill();
  const openAtKill = [...journeys.open.keys()];
  await delay(RESTART_AFTER_MS);
  const unanswered = await stamps.unanswered();
  const paid = new Set(
    [...journeys.open].flatMap(([key, { passedAtMs }]) =>
      passedAtMs[ON_CHAIN] === null ? [] : [key],
    ),
  );
  await deps.restart();
  const publishedSince = [...deps.tasks.values()].filter((task) => task.occurredAtMs > killedAtMs);
  const caught = new Set([...openAtKill, ...publishedSince.map(taskKey)]);
  const readyAgainMs = Date.now() - killedAtMs;
  const back = { killedAtMs, readyAgainMs, caught, alreadyPaid: paid.size };
  deps.onBack(back);
  await untilEnded(caught, journeys);
  const answered = await stamps.answeredSince(
    unanswered.map(({ sendId }) => sendId),
    killedAtMs,
  );
  const resent = unanswered.filter(({ sendId }) => answered.has(sendId)).map(taskKey);
  const sentAgain = new Set(resent.filter((key) => caught.has(key)));
  const notSentAgain = [...paid].filter((key) => !sentAgain.has(key)).length;
  return {
    ...back,
    notSentAgain,
    sentAgain: sentAgain.size,
    wentOn: caught.size - notSentAgain - sentAgain.size,
    firstNewPaymentMs: firstNewPayment(killedAtMs, deps.tasks, deps.outcomes),
  };
}

async function untilEnded(caught: ReadonlySet<string>, { open }: Journeys): Promise<void> {
  const deadlineMs = Date.now() + RECOVERY_MAX_MS;
  while (Date.now() < deadlineMs && caught.values().some((key) => open.has(key))) {
    await delay(LOOK_EVERY_MS);
  }
}

function firstNewPayment(
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
