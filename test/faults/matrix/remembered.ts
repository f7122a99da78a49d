import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import type { CellResult } from "./cell-spec.ts";
import { LEFT_BEHIND } from "./logs.ts";

const run = promisify(execFile);

/** What an earlier run is believed: nothing, what passed on this very state of what it tests, or on any. */
export type Trust = "nothing" | "same" | "older";

/** Cells that passed before, so that a run that was interrupted goes on where it was. */
export interface Memory {
  readonly results: ReadonlyMap<string, CellResult>;
  remember(result: CellResult): void;
}

interface State {
  readonly commit: string;
  readonly tested: string;
}

type Line = CellResult & { readonly tested: string };

const FILE = "results.jsonl";

/** Nothing is written down where the source differs from its last commit. */
export async function openMemory(trust: Trust): Promise<Memory> {
  const state = await stateUnderTest().catch(() => undefined);
  const path = `${LEFT_BEHIND}${FILE}`;
  const results = new Map<string, CellResult>();
  const isBelieved = ({ outcome, tested }: Line) =>
    outcome === "passed" && (trust === "older" || tested === state?.tested);
  for (const { tested, ...result } of trust === "nothing" ? [] : linesOf(path)) {
    if (isBelieved({ ...result, tested })) results.set(result.name, result);
  }
  return {
    results,
    remember(result) {
      const known = { ...result, ...(state && { commit: state.commit }) };
      results.set(result.name, known);
      if (state) {
        mkdirSync(LEFT_BEHIND, { recursive: true });
        appendFileSync(path, `${JSON.stringify({ ...known, tested: state.tested })}\n`);
      }
    },
  };
}

function linesOf(path: string): Line[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Line);
}

/** What a cell says something about. A cell that is mended has failed before, and what has failed is played again. */
const UNDER_TEST = ["src", "contracts", "schemas", "sandbox", "package-lock.json"];

/** Undefined where something was changed since the last commit; rejects where this is no checkout of git's. */
async function stateUnderTest(): Promise<State | undefined> {
  const cwd = import.meta.dirname;
  const paths = UNDER_TEST.map((path) => `:/${path}`);
  const { stdout: changed } = await run("git", ["status", "--porcelain", ...paths], { cwd });
  if (changed !== "") return undefined;
  const { stdout: commit } = await run("git", ["rev-parse", "--short=7", "HEAD"], { cwd });
  const trees = UNDER_TEST.map((path) => `HEAD:${path}`);
  const { stdout: hashes } = await run("git", ["rev-parse", ...trees], { cwd });
  const tested = createHash("sha256").update(hashes).digest("hex").slice(0, 12);
  return { commit: commit.trim(), tested };
}
