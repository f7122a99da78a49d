import type { CellSpec } from "./cell-spec.ts";
import { commandCells } from "./command-cells.ts";
import { faultCells } from "./fault-cells.ts";
import { failpointCells } from "./failpoint-cells.ts";
import { instanceCells } from "./instance-cells.ts";
import { pairCells } from "./pair-cells.ts";
import { takeoverCells } from "./takeover-cells.ts";
import { tellingCells } from "./telling-cells.ts";
import { traceCells } from "./trace-cells.ts";
import { transferCells } from "./transfer-cells.ts";

/** Every cell of the matrix, each once; their names are unique. */
export function allCells(): readonly CellSpec[] {
  const cells = [
    ...failpointCells(),
    ...commandCells(),
    ...tellingCells(),
    ...faultCells(),
    ...traceCells(),
    ...instanceCells(),
    ...takeoverCells(),
    ...pairCells(),
    ...transferCells(),
  ];
  const names = new Set(cells.map(({ name }) => name));
  if (names.size !== cells.length) throw new Error("two cells have one name");
  return cells;
}
