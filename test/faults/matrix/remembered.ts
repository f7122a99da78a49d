import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import type { CellResult } from "./cell-spec.ts";
import { LEFT_BEHIND } from "./logs.ts";

const run = promisify(execFile);

/** Results of this very state of the source, so that a run that was interrupted goes on where it was. */
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
      results.set(result.name, result);
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
  const commit = await unchangedCommit().catch(() => undefined);
  if (commit === undefined) return undefined;
  mkdirSync(LEFT_BEHIND, { recursive: true });
  return `${LEFT_BEHIND}results-${commit}.jsonl`;
}

/** Undefined where something was changed since; rejects where this is no checkout of git's. */
async function unchangedCommit(): Promise<string | undefined> {
  const cwd = import.meta.dirname;
  const changes = ["status", "--porcelain", ":/src", ":/test", ":/sandbox"];
  const { stdout: changed } = await run("git", changes, { cwd });
  if (changed !== "") return undefined;
  const { stdout: commit } = await run("git", ["rev-parse", "HEAD"], { cwd });
  return commit.trim();
}
