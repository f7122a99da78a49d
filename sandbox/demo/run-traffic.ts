import { setTimeout as delay } from "node:timers/promises";
import type { Acts, Say } from "./acts.ts";
import type { DemoArguments } from "./arguments.ts";
import type { Board } from "./board/board.ts";
import { progressLine } from "./watch.ts";
import type { DemoWorld } from "./world.ts";

/** The invitation, the kill and the faults come at these shares of the traffic. */
const INVITE_AT = 0.3;
const KILL_AT = 0.425;
const FAULTS_AT = 0.8;
/** After the last task, with the slowest provider, everything has ended long before this. */
const DRAIN_MS = 120_000;
const LOOK_EVERY_MS = 50;

export interface Stage {
  readonly world: DemoWorld;
  readonly board: Board;
  readonly acts: Acts;
  readonly say: Say;
  /** What is no part of the story, such as figures that the page shows anyway. */
  readonly sayAside: Say;
  /** No new tasks; what is in flight is waited for. */
  readonly quit: AbortSignal;
  /** Nothing is waited for. */
  readonly stop: AbortSignal;
}

/** Publishes the traffic while the acts happen beside it; resolves when everything has ended, or nothing moves. */
export async function runTraffic(stage: Stage, options: DemoArguments): Promise<void> {
  const { world, board, acts, say, sayAside, stop } = stage;
  const { payments, ratePerSecond } = options;
  const ending = AbortSignal.any([stop, stage.quit]);
  sayAside("");
  say(`  Traffic: ${payments} tasks at ${ratePerSecond} a second`);
  const status = setInterval(() => sayAside(`  ${progressLine(board.figures())}`), 1_000);
  try {
    await Promise.all([
      world.traffic.publish(payments, ratePerSecond, undefined, ending),
      ...(options.calm ? [] : script(stage, options, ending)),
    ]);
    const deadlineMs = Date.now() + DRAIN_MS;
    while (board.figures().inFlight > 0 && Date.now() < deadlineMs && !stop.aborted) {
      await delay(LOOK_EVERY_MS);
    }
    if (!stop.aborted) await acts.settled();
  } finally {
    clearInterval(status);
  }
  stop.throwIfAborted();
}

/** What happens by itself; what a person did before is not done for them again. */
function script({ acts, say }: Stage, options: DemoArguments, ending: AbortSignal) {
  const { payments, ratePerSecond, unattended } = options;
  const at = async (share: number, act: () => Promise<void>) => {
    const inMs = (payments / ratePerSecond) * share * 1_000;
    await delay(inMs, undefined, { signal: ending }).catch(() => undefined);
    if (!ending.aborted) await act();
  };
  return [
    at(INVITE_AT, async () => {
      if (!unattended && !acts.hasKilled) say("  press k to kill -9 the service");
    }),
    at(KILL_AT, async () => {
      if (!acts.hasKilled) await acts.kill();
    }),
    at(FAULTS_AT, async () => {
      await acts.duplicate();
      await acts.loseAnswers();
    }),
  ];
}
