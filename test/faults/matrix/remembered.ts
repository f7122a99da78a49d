import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import type { CellResult } from "./cell-spec.ts";
import { LEFT_BEHIND } from "./logs.ts";

const run = promisify(execFile);

/** Cells that passed on this very state of what they test, so that a run that was interrupted goes on where it was. */
export interface Memory {
  readonly results: ReadonlyMap<string, CellResult>;
  remember(result: CellResult): void;
}

/** Nothing is remembered from one run to the next where the source differs from its last commit. */
export async function openMemory(isFresh: boolean): Promise<Memory> {
  const results = new Map<string, CellResult>();
  const path = await pathOf();
  if (path !== undefined && isFresh) rmSync(path, { force: true });
  if (path !== undefined && existsSync(path)) {
    for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean)) {
      const result = JSON.parse(line) as CellResult;
      if (result.outcome === "passed") results.set(result.name, result);
    }
  }
  return {
    results,
    remember(result) {
      results.set(result.name, result);
      if (path !== undefined) appendFileSync(path, `${JSON.stringify(result)}\n`);
    },
  };
}

async function pathOf(): Promise<string | undefined> {
  const state = await stateUnderTest().catch(() => undefined);
  if (state === undefined) return undefined;
  mkdirSync(LEFT_BEHIND, { recursive: true });
  return `${LEFT_BEHIND}results-${state}.jsonl`;
}

/** What a cell says something about. A cell that is mended has failed before, and what has failed is played again. */
const UNDER_TEST = ["src", "contracts", "schemas", "sandbox", "package-lock.json"];

/** Undefined where something was changed since the last commit; rejects where this is no checkout of git's. */
async function stateUnderTest(): Promise<string | undefined> {
  const cwd = import.meta.dirname;
  const paths = UNDER_TEST.map((path) => `:/${path}`);
  const { stdout: changed } = await run("git", ["status", "--porcelain", ...paths], { cwd });
  if (changed !== "") return undefined;
  const trees = UNDER_TEST.map((path) => `HEAD:${path}`);
  const { stdout: hashes } = await run("git", ["rev-parse", ...trees], { cwd });
  return createHash("sha256").update(hashes).digest("hex").slice(0, 12);
}
