import { describe, expect, test } from "vitest";
import { BOARDS } from "../../grafana/boards/all-boards.ts";
import { panelsOf, queriesOf, readBoard } from "../../grafana/lint/committed-board.ts";
import { rangeOf, tryBoards } from "../../grafana/try/try-boards.ts";
import { queriesToTry, tryQueries } from "../../grafana/try/try-queries.ts";
import { startTryWorld } from "../../grafana/try/try-world.ts";
import { findPrometheus, NO_PROMETHEUS } from "../../sandbox/prometheus/find-prometheus.ts";

const TIMEOUT_MS = 300_000;
const tools = await findPrometheus();
const [someBoard] = BOARDS;

/** The first board with these as its first panels' queries. */
function brokenBy(...exprs: readonly string[]) {
  if (!someBoard) throw new Error("there are no boards");
  const board = readBoard(someBoard.uid);
  panelsOf(board)
    .slice(0, exprs.length)
    .forEach((panel, i) => {
      for (const query of queriesOf(panel)) query.expr = exprs[i] ?? "";
    });
  return queriesToTry(board, someBoard);
}

describe.skipIf(tools === undefined)(tools ? "boards" : `boards (${NO_PROMETHEUS})`, () => {
  test(
    "under load every panel shows something, and one that shows nothing is noticed",
    async () => {
      if (!tools) throw new Error(NO_PROMETHEUS);
      await using world = await startTryWorld(tools);
      expect((await tryBoards(world)).troubles).toEqual([]);

      const broken = brokenBy(
        "max(payments_opened)",
        'max(payments_open{state="nowhere"})',
        "max(payments_open) * NaN",
        "max by (payments_open)",
      );
      const troubles = await tryQueries(world.prometheus, broken, rangeOf(world));
      expect(troubles.map(({ message }) => message)).toEqual([
        "unknown metric payments_opened",
        "empty",
        "nothing but NaN",
        expect.stringContaining("parse error"),
      ]);
    },
    TIMEOUT_MS,
  );
});
