import type { Fault } from "../fault.ts";
import { meanwhile, midway, pause } from "./shapes.ts";

const HOUR_MS = 3_600_000;
const BLOCKS = 2;
const BLOCK_MS = 2_000;
const BETWEEN_MS = 500;

function clock(words: string, shiftMs: number): Fault {
  return meanwhile({ name: `process: ${words}`, part: "process" }, async ({ boxes }) => {
    const before = boxes.processes.struck();
    boxes.processes.shiftClock(shiftMs);
    return {
      lift: async () => boxes.processes.shiftClock(0),
      struck: () => boxes.processes.struck() - before,
    };
  });
}

export const processFaults: readonly Fault[] = [
  clock("clock an hour ahead", HOUR_MS),
  clock("clock an hour behind", -HOUR_MS),
  midway({ name: "process: event loop stands still", part: "process" }, async ({ boxes }) => {
    const before = boxes.processes.struck();
    for (let block = 0; block < BLOCKS; block += 1) {
      boxes.processes.blockLoop(BLOCK_MS);
      await pause(BLOCK_MS + BETWEEN_MS);
    }
    return boxes.processes.struck() - before;
  }),
];
