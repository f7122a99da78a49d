import type { Cell } from "../question.ts";
import type { ResultFile, Stamp } from "./result-file.ts";

export interface PlannedRound {
  readonly cell: Cell;
  readonly round: number;
}

/**
 * Round by round over all cells, each round beginning with another cell, so that what drifts with time, or comes after the
 * heaviest cell, falls on no cell alone.
 */
export function planRounds(cells: readonly Cell[], rounds: number): PlannedRound[] {
  return Array.from({ length: rounds }, (_, index) => {
    const first = cells.length === 0 ? 0 : index % cells.length;
    const inTurn = [...cells.slice(first), ...cells.slice(0, first)];
    return inTurn.map((cell) => ({ cell, round: index + 1 }));
  }).flat();
}

/** Whether a run that was broken off may go on in this file: the same code, all of it committed, and the same extent. */
export function canResume(
  file: ResultFile,
  stamp: Pick<Stamp, "tested" | "isDirty">,
  isQuick: boolean,
): boolean {
  const isSame = file.stamp.tested === stamp.tested && file.isQuick === isQuick;
  return isSame && !file.stamp.isDirty && !stamp.isDirty;
}

/** Those that are not measured yet; what has failed is played again. */
export function roundsLeft(
  planned: readonly PlannedRound[],
  file: Pick<ResultFile, "cells">,
): PlannedRound[] {
  const done = new Set(
    file.cells.flatMap(({ label, rounds }) =>
      rounds
        .filter(({ outcome }) => outcome === "measured")
        .map(({ round }) => `${label}#${round}`),
    ),
  );
  return planned.filter(({ cell, round }) => !done.has(`${cell.label}#${round}`));
}
