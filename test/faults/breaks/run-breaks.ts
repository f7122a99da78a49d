import { writeFile } from "node:fs/promises";
import { ALL_BREAKS } from "./all-breaks.ts";
import { checkName, type Break, type BreakResult, type Check } from "./break.ts";
import { brokenCheckout, ROOT } from "./broken-checkout.ts";
import { breaksDocument } from "./breaks-document.ts";
import { compileContracts, runCheck } from "./run-check.ts";

interface BreakOptions {
  /** Only the breaks whose name contains this; then no document is written. */
  readonly only?: string;
  readonly say: (line: string) => void;
}

/**
 * Breaks the service on purpose, one rule at a time, in a copy, and asks the checks whether they notice. First every check
 * is asked about the whole service: one that fails there would catch anything. Answers null where one did.
 */
export async function runBreaks({ only = "", say }: BreakOptions): Promise<BreakResult[] | null> {
  const breaks = ALL_BREAKS.filter(({ name }) => name.includes(only));
  if (!(await passesWhole(checksOf(breaks), say))) return null;
  const results: BreakResult[] = [];
  for (const one of breaks) {
    const result = await tryBreak(one);
    say(`${result.caughtBy === null ? "NOT CAUGHT" : "caught"}  ${one.name}: ${result.reason}`);
    results.push(result);
  }
  if (only === "") await writeFile(`${ROOT}docs/deliberate-breaks.md`, breaksDocument(results));
  return results;
}

async function passesWhole(
  checks: readonly Check[],
  say: (line: string) => void,
): Promise<boolean> {
  await using whole = await brokenCheckout([]);
  let isWhole = true;
  for (const check of checks) {
    const { failed, reason } = await runCheck(whole.directory, check);
    say(`${failed ? "FAILS" : "passes"}  ${checkName(check)}, on the whole service ${reason}`);
    if (failed) isWhole = false;
  }
  return isWhole;
}

function checksOf(breaks: readonly Break[]): Check[] {
  const checks = breaks.flatMap((one) => one.checks);
  return [...new Map(checks.map((check) => [checkName(check), check])).values()];
}

async function tryBreak({ name, danger, edits, compiles, checks }: Break): Promise<BreakResult> {
  await using broken = await brokenCheckout(edits);
  if (compiles) await compileContracts(broken.directory);
  const unmoved: string[] = [];
  for (const check of checks) {
    const { failed, reason } = await runCheck(broken.directory, check);
    if (failed) return { name, danger, caughtBy: checkName(check), reason, unmoved };
    unmoved.push(checkName(check));
  }
  return { name, danger, caughtBy: null, reason: "no check noticed", unmoved };
}
