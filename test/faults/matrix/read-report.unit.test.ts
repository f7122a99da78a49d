import { expect, test } from "vitest";
import type { CellResult } from "./cell-spec.ts";
import { resultsIn } from "./read-report.ts";
import { reportOf } from "./write-report.ts";

const passed = { outcome: "passed", durationMs: 0 } as const;
const results: readonly CellResult[] = [
  {
    ...passed,
    name: "a.b/kill/arc",
    kind: "failpoint",
    rail: "arc",
    payments: 18,
    recoveryMs: 9_100,
    commit: "22d90ac",
  },
  {
    name: "a.b × kafka: slow | odd/circle",
    kind: "pair",
    rail: "circle",
    outcome: "failed",
    durationMs: 0,
    error: "it | never struck",
  },
  {
    ...passed,
    name: "transfer.x/kill/transfer",
    kind: "fault",
    rail: "circle",
    recoveryMs: 0,
    payments: 4,
  },
  {
    ...passed,
    name: "restarted/arc",
    kind: "takeover",
    rail: "arc",
    payments: 24,
    recoveryMs: 3_000,
    measured: { stored: 12, storedPaymentsMs: 3_000 },
    commit: "960ed64",
  },
];

test("the page holds all that it says of a cell: read again, it makes the same page", () => {
  const page = reportOf(results, 5);
  const read = resultsIn(page);
  const byName = (all: readonly CellResult[]) => all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  expect(byName(read)).toEqual(byName(results));
  expect(reportOf(read, 5)).toBe(page);
});
