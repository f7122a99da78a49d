import { afterAll, beforeAll, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../../sandbox/sandbox.ts";
import { allCells } from "./matrix/all-cells.ts";
import { logsOf } from "./matrix/logs.ts";
import { runCell } from "./matrix/run-cell.ts";

/** One of each of the three commits, of the way out, of the zombies and of the parts' faults. */
const SLICE = [
  "accept.committed/kill/arc",
  "send.committed/stop/circle",
  "settle.before_commit/throw/circle",
  "relay.produced/kill/arc",
  "postgres: answer to COMMIT lost/arc",
];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({
    fsync: false,
    circle: { latency: { sentMs: { min: 25, max: 75 } } },
  });
});
afterAll(() => sandbox?.stop());

test.each(SLICE)(
  "after %s nothing is lost, doubled, contradicted or left open",
  { retry: 0 },
  async (name) => {
    const cell = allCells().find((each) => each.name === name);
    if (!cell) throw new Error(`there is no cell ${name}`);
    expect(await runCell(sandbox, cell, logsOf(name))).toMatchObject({ outcome: "passed" });
  },
);
