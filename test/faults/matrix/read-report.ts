import { existsSync, readFileSync } from "node:fs";
import { KINDS, type CellKind, type CellResult } from "./cell-spec.ts";
import { REPORT } from "./write-report.ts";

const SECTION = /^### (\w+): /;
const MEASURED = "## Takeover after kill -9";
const FAILED = /^\*\*failed\*\*: /;

/** What the page says of cells that were played before, as exactly as it says it; empty without a page. */
export function readReport(): CellResult[] {
  return existsSync(REPORT) ? resultsIn(readFileSync(REPORT, "utf8")) : [];
}

/** The results that a page was made of. Pure. */
export function resultsIn(page: string): CellResult[] {
  const measured = new Map<string, Record<string, number>>();
  const results: CellResult[] = [];
  let kind: CellKind | undefined;
  let isMeasured = false;
  for (const line of page.split("\n")) {
    if (line.startsWith("#")) {
      kind = KINDS.find((each) => each === SECTION.exec(line)?.[1]);
      isMeasured = line === MEASURED;
    }
    const row = rowOf(line);
    if (isMeasured) note(measured, row);
    else if (kind) results.push(...resultOf(kind, row));
  }
  return results.map((result) => {
    const found = measured.get(result.name);
    return found ? { ...result, measured: found } : result;
  });
}

/** A table's cells; of its head and rule none. */
function rowOf(line: string): readonly string[] {
  if (!line.startsWith("| ") || line.startsWith("| cell |")) return [];
  return line
    .slice(2, -2)
    .split(" | ")
    .map((cell) => cell.replaceAll("\\|", "|"));
}

function note(
  measured: Map<string, Record<string, number>>,
  [name, what, value = ""]: readonly string[],
): void {
  if (name === undefined || what === undefined) return;
  const ms = msOf(value);
  const entry = ms === undefined ? { [what]: Number(value) } : { [`${what}Ms`]: ms };
  measured.set(name, { ...measured.get(name), ...entry });
}

function resultOf(
  kind: CellKind,
  [name, outcome = "", payments, recovery = "", commit]: readonly string[],
): CellResult[] {
  if (name === undefined) return [];
  const recoveryMs = msOf(recovery);
  const error = FAILED.test(outcome) ? outcome.replace(FAILED, "") : undefined;
  return [
    {
      name,
      kind,
      rail: name.endsWith("/arc") ? "arc" : "circle",
      outcome: error === undefined ? "passed" : "failed",
      durationMs: 0,
      ...(payments && { payments: Number(payments) }),
      ...(recoveryMs !== undefined && { recoveryMs }),
      ...(commit && { commit }),
      ...(error !== undefined && { error }),
    },
  ];
}

/** "9.1 s" */
function msOf(text: string): number | undefined {
  return text.endsWith(" s") ? Math.round(Number(text.slice(0, -2)) * 1_000) : undefined;
}
