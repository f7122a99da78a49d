import { setTimeout as delay } from "node:timers/promises";
import { BOARDS } from "../boards/all-boards.ts";
import { catalogue } from "../../src/metrics/catalogue/catalogue.ts";
import { readBoard } from "../lint/committed-board.ts";
import type { Range } from "./prometheus-api.ts";
import type { TryWorld } from "./try-world.ts";
import { queriesToTry, tryQueries, type Trouble } from "./try-queries.ts";

const PATIENCE_MS = 150_000;
const AGAIN_MS = 2_000;
const STEP_S = 2;
/** What must have happened first, or the boards were asked of a calm world. */
const PROVOKED: Readonly<Record<string, string>> = {
  "no alert fires": 'count(ALERTS{alertname=~"Payments.*",alertstate="firing"}) > 0',
  "nothing was tried again": `sum(${catalogue.retries.name}) > 0`,
  "nothing was closed on chain": `sum(${catalogue.voids.name}) > 0`,
  "no event came twice": `sum(${catalogue.duplicates.name}) > 0`,
  "no record was a dead letter": `sum(${catalogue.deadLetters.name}) > 0`,
};

export interface Tried {
  readonly queries: number;
  readonly troubles: readonly Trouble[];
}

/**
 * Waits until every rule was evaluated and what was provoked has happened, and until every query of every committed board has an answer. What has none
 * in the end is told.
 */
export async function tryBoards(world: TryWorld): Promise<Tried> {
  const queries = BOARDS.flatMap((spec) => queriesToTry(readBoard(spec.uid), spec));
  const deadlineMs = Date.now() + PATIENCE_MS;
  let waiting: readonly Trouble[] = [];
  do {
    waiting = [
      ...(await troublesOfWorld(world)),
      ...(await tryQueries(world.prometheus, queries, rangeOf(world))),
    ];
    if (waiting.length === 0) break;
    await delay(AGAIN_MS);
  } while (Date.now() < deadlineMs);
  return { queries: queries.length, troubles: waiting };
}

/** From the start of the world until now. */
export function rangeOf({ startedAtS }: TryWorld): Range {
  return { startS: startedAtS, endS: Math.floor(Date.now() / 1_000), stepS: STEP_S };
}

async function troublesOfWorld({ prometheus }: TryWorld): Promise<readonly Trouble[]> {
  const unevaluated = await prometheus.unevaluated();
  const troubles = unevaluated.map((name) => trouble(name, `rules ${name} were not evaluated`));
  for (const [message, query] of Object.entries(PROVOKED)) {
    if ((await prometheus.instant(query)).length === 0) troubles.push(trouble(query, message));
  }
  return troubles;
}

function trouble(query: string, message: string): Trouble {
  return { board: "none", panel: "the world", query, message };
}
