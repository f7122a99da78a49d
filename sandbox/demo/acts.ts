import type { Rail } from "../service-settings.ts";
import { killAndRestart } from "./kill.ts";
import { seconds } from "./watch.ts";
import type { DemoWorld } from "./world.ts";

const DUPLICATES = 200;
const LOST_ANSWERS = 20;

export type Say = (line: string) => void;
type Kill = Awaited<ReturnType<typeof killAndRestart>>;

/** The acts a person may ask for with a key, and the clock for itself. */
export interface Acts {
  readonly kills: Kill[];
  readonly kill: () => Promise<void>;
  readonly duplicate: () => Promise<void>;
  readonly loseAnswers: () => Promise<void>;
}

export function createActs(world: DemoWorld, rail: Rail, say: Say): Acts {
  const kills: Kill[] = [];
  let killing: Promise<void> | undefined;
  const kill = async () => {
    say("  kill -9");
    const report = await killAndRestart({
      tasks: world.ledger.tasks,
      outcomes: world.events.outcomes,
      readTransfers: () => world.readTransfers(),
      kill: () => world.killService(),
      restart: async () => void (await world.restartService()),
    });
    kills.push(report);
    say(
      `  back after ${seconds(report.readyAgainMs)}: ${report.caught.size} payments were under way or waiting, ${report.alreadyPaid} of them already paid on chain and not sent again`,
    );
  };
  return {
    kills,
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
  };
}
