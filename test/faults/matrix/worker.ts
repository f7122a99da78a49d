/** Plays the cells that its parent names, one after the other, in a sandbox of its own. */
import { startSandbox } from "../../../sandbox/sandbox.ts";
import { allCells } from "./all-cells.ts";
import { logsOf } from "./logs.ts";
import { runCell } from "./run-cell.ts";

/** Circle's usual 500 to 1,500 ms, divided by 20. */
const LATENCY = { sentMs: { min: 25, max: 75 } };

const cells = new Map(allCells().map((cell) => [cell.name, cell]));
const sandbox = await startSandbox({ fsync: false, circle: { latency: LATENCY } });
let last: Promise<void> = Promise.resolve();

process.on("message", (name: string) => {
  last = last.then(async () => {
    const cell = cells.get(name);
    if (cell) process.send?.(await runCell(sandbox, cell, logsOf(name)));
  });
});
process.on("disconnect", () => {
  void sandbox.stop().finally(() => process.exit());
});
process.send?.("ready");
