import { findPrometheus, NO_PROMETHEUS } from "../../sandbox/prometheus/find-prometheus.ts";
import { tryBoards } from "./try-boards.ts";
import { startTryWorld } from "./try-world.ts";

/**
 * Runs the service under load with a real Prometheus, asks everything that the boards ask, and exits with 1 if a panel would show
 * nothing.
 */
async function main(): Promise<number> {
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
  return troubles.length > 0 ? 1 : 0;
}

process.exitCode = await main();
