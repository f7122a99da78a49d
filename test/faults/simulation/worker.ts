/** A worker process: runs the schedules that its parent sends, one at a time, on a database of its own. */
import { armFailpoints } from "../../../src/failpoint.ts";
import { Crash, currentProcess } from "./process.ts";
import { runSchedule } from "./run-schedule.ts";
import { openSimDatabase } from "./sim-database.ts";
import { planOnce } from "./plan-once.ts";
import { installVirtualTime } from "./virtual-time.ts";
import { unjudged, type Order, type Report } from "./worker-protocol.ts";

installVirtualTime();
planOnce();
armFailpoints((name) => currentProcess()?.pass(name));
const [url = ""] = process.argv.slice(2);
const database = await openSimDatabase(url);
/** What nobody awaited, in the schedule that runs: the service would have logged it, or died of it. */
let unheard: string[] = [];
process.on("unhandledRejection", (error) => {
  if (!(error instanceof Crash)) unheard.push(`unheard: ${wordsOf(error)}`);
});
process.on("message", (order: Order) => void report(order));
process.once("disconnect", () => process.exit());
process.send?.("ready");

async function report({ seed, steps, breaks, isTold }: Order): Promise<void> {
  const story: string[] = [];
  unheard = [];
  const plan = { seed, steps, breaks: new Set(breaks) };
  const tell = isTold ? (line: string) => void story.push(line) : undefined;
  const result = await runSchedule(database, plan, tell).catch((error: unknown) =>
    unjudged(seed, `broke: ${wordsOf(error)}`),
  );
  const violations = [...result.violations, ...unheard];
  process.send?.({ result: { ...result, violations }, story } satisfies Report);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
