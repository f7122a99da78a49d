import { setTimeout as delay } from "node:timers/promises";
import { BOARDS } from "../boards/all-boards.ts";
import { readBoard } from "../lint/committed-board.ts";
import type { Range } from "./prometheus-api.ts";
import type { TryWorld } from "./try-world.ts";
import { queriesToTry, tryQueries, type TriedQuery, type Trouble } from "./try-queries.ts";

const PATIENCE_MS = 150_000;
const AGAIN_MS = 2_000;
const STEP_S = 2;
const FIRING = 'count(ALERTS{alertname=~"Payments.*",alertstate="firing"}) > 0';

export interface Tried {
  readonly queries: number;
  readonly troubles: readonly Trouble[];
}

/**
 * Waits until every rule was evaluated and an alert fires, and until every query of every committed board has an answer. What has none
 * in the end is told.
 */
export async function tryBoards(world: TryWorld): Promise<Tried> {
  const queries = BOARDS.flatMap((spec) => queriesToTry(readBoard(spec.uid), spec));
  const deadlineMs = Date.now() + PATIENCE_MS;
  let waiting: readonly Trouble[] = [];
  do {
    waiting = [
      ...(await troublesOfRules(world)),
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

async function troublesOfRules({ prometheus }: TryWorld): Promise<readonly Trouble[]> {
  const rules: TriedQuery = { board: "rules", panel: "alerts", query: FIRING };
  const unevaluated = await prometheus.unevaluated();
  const firing = await prometheus.instant(FIRING);
  return [
    ...unevaluated.map((name) => ({ ...rules, message: `group ${name} was not evaluated` })),
    ...(firing.length > 0 ? [] : [{ ...rules, message: "no alert fires" }]),
  ];
}
