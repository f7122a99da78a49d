import { setTimeout as delay } from "node:timers/promises";
import { findPrometheus, NO_PROMETHEUS } from "../../sandbox/prometheus/find-prometheus.ts";
import { drawPreviews } from "../previews/draw-previews.ts";
import { rangeOf, tryBoards } from "./try-boards.ts";
import { startTryWorld } from "./try-world.ts";

/** The previews show this much. */
const LOAD_BEFORE_PICTURES_MS = 40_000;

/**
 * Runs the service under load with a real Prometheus, asks everything that the boards ask, and exits with 1 if a panel would show
 * nothing. With `--previews` it also draws the boards to docs/images/.
 */
async function main(isDrawing: boolean): Promise<number> {
  const tools = await findPrometheus();
  if (!tools) {
    console.log(NO_PROMETHEUS);
    return 0;
  }
  console.log("Starting the sandbox, the service and Prometheus …");
  await using world = await startTryWorld(tools);
  console.log("Asking …");
  const { queries, troubles } = await tryBoards(world);
  for (const { board, panel, message, query } of troubles) {
    console.log(`${board}, ${panel}: ${message}\n    ${query}`);
  }
  console.log(`${queries} queries, ${troubles.length} without an answer`);
  if (isDrawing) {
    await delay(LOAD_BEFORE_PICTURES_MS);
    await drawPreviews(world.prometheus, rangeOf(world));
    console.log("drew docs/images/board-*.png");
  }
  return troubles.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.includes("--previews"));
