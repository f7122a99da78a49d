import type { StampReader } from "../audit/read-stamps.ts";
import type { Rail } from "../service-settings.ts";
import type { Journeys } from "./board/journeys.ts";
import { killAndRestart, type KillReport } from "./kill.ts";
import { seconds } from "./watch.ts";
import type { DemoWorld } from "./world.ts";

const DUPLICATES = 200;
const LOST_ANSWERS = 20;

export type Say = (line: string) => void;

/** The acts a person may ask for with a key, and the clock for itself. */
export interface Acts {
  readonly kills: readonly KillReport[];
  /** Killed once, whether or not all is known of it yet. */
  readonly hasKilled: boolean;
  readonly kill: () => Promise<void>;
  readonly duplicate: () => Promise<void>;
  readonly loseAnswers: () => Promise<void>;
  /** Resolves once a kill that is under way is over, recovery included. */
  readonly settled: () => Promise<void>;
}

export interface ActsDeps {
  readonly world: DemoWorld;
  readonly journeys: Journeys;
  readonly stamps: StampReader;
  readonly rail: Rail;
  readonly say: Say;
}

export function createActs({ world, journeys, stamps, rail, say }: ActsDeps): Acts {
  const kills: KillReport[] = [];
  let hasKilled = false;
  let killing: Promise<void> | undefined;
  const kill = async () => {
    say("  kill -9");
    hasKilled = true;
    const report = await killAndRestart({
      tasks: world.ledger.tasks,
      outcomes: world.events.outcomes,
      journeys,
      stamps,
      kill: () => world.killService(),
      restart: async () => void (await world.restartService()),
      onBack: ({ readyAgainMs, caught }) =>
        say(
          `  back after ${seconds(readyAgainMs)}: ${caught.size} payments were under way or waiting`,
        ),
    });
    kills.push(report);
    say(`  ${recoveryLine(report)}`);
  };
  return {
    kills,
    get hasKilled() {
      return hasKilled;
    },
    async kill() {
      killing ??= kill().finally(() => (killing = undefined));
      await killing;
    },
    async duplicate() {
      const count = await world.traffic.publishAgain(DUPLICATES);
      say(`  ${count} old events published again`);
    },
    async loseAnswers() {
      if (rail !== "circle") return;
      await world.sandbox.circle.control.inject({
        kind: "loseAnswer",
        executed: true,
        count: LOST_ANSWERS,
        match: { method: "POST" },
      });
      say(`  Circle loses its next ${LOST_ANSWERS} answers, after it has paid`);
    },
    settled: async () => killing,
  };
}

function recoveryLine(report: KillReport): string {
  const { notSentAgain, sentAgain, wentOn, firstNewPaymentMs } = report;
  return [
    `${notSentAgain} were already paid on chain: not sent again`,
    `${sentAgain} sent again under the same ref`,
    `${wentOn} went on`,
    firstNewPaymentMs === null
      ? "no new payment yet"
      : `first new payment ${seconds(firstNewPaymentMs)} after the kill`,
  ].join(" · ");
}
