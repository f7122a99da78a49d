import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const MODELS = fileURLToPath(new URL("../../docs/spec/", import.meta.url));
const COMPILE_TIMEOUT_MS = 60_000;
const SEARCH_TIMEOUT_MS = 300_000;
const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

export interface Search {
  readonly model: "pay-once" | "transfer";
  /** Macros of the model: budgets of faults, and rules or promises that are switched off. */
  readonly macros: Readonly<Record<string, number>>;
  /** Breadth first: the trace is the shortest, for ten times the states. */
  readonly shortest: boolean;
}

export interface Found {
  readonly states: number;
  readonly depth: number;
  /** The property that broke, with the trace as the model tells it; undefined where every state was searched and none broke. */
  readonly broken: { readonly property: string; readonly told: readonly string[] } | undefined;
}

/** Why the models cannot be checked here, or undefined where they can. */
export async function missingTool(): Promise<string | undefined> {
  for (const [tool, argument] of [
    ["spin", "-V"],
    ["cc", "--version"],
  ] as const) {
    const works = await run(tool, [argument]).then(
      () => true,
      () => false,
    );
    if (!works) return tool;
  }
  return undefined;
}

export async function spinVersion(): Promise<string> {
  const { stdout } = await run("spin", ["-V"]);
  return stdout.trim();
}

/**
 * Searches every state, and tells the trace of the property that broke. Throws where the search did not end, or broke
 * something else than a property.
 */
export async function searchModel(search: Search): Promise<Found> {
  const directory = await mkdtemp(join(tmpdir(), "spec-"));
  try {
    return await searchIn(directory, search);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function searchIn(directory: string, { model, macros, shortest }: Search): Promise<Found> {
  const file = join(MODELS, `${model}.pml`);
  const defines = Object.entries(macros).map(([name, value]) => `-D${name}=${value}`);
  const options = { cwd: directory, timeout: COMPILE_TIMEOUT_MS, maxBuffer: OUTPUT_MAX_BYTES };
  await run("spin", ["-a", ...defines, file], options);
  // Searches this small do not repay an optimising compiler, which would take several seconds for each.
  const order = shortest ? ["-DBFS"] : [];
  const flags = ["-O0", "-w", ...order, "-DSAFETY", "-DNOREDUCE", "-DCOLLAPSE"];
  await run("cc", [...flags, "-DMEMLIM=3000", "-o", "pan", "pan.c"], options);
  const { stdout } = await run("./pan", ["-m1000000"], { ...options, timeout: SEARCH_TIMEOUT_MS });
  const broken = stdout.includes("assertion violated");
  if (!broken && (!/errors: 0\b/.test(stdout) || /not completed|too small/.test(stdout))) {
    throw new Error(`the search of ${model} ${defines.join(" ")} did not end:\n${stdout}`);
  }
  const states = numberIn(stdout, /([\d.e+]+) states, stored/);
  const depth = numberIn(stdout, /depth reached (\d+)/);
  if (!broken) return { states, depth, broken: undefined };
  const replay = await run("spin", ["-k", `${model}.pml.trail`, "-T", ...defines, file], options);
  return { states, depth, broken: readTrace(replay.stdout) };
}

function numberIn(text: string, pattern: RegExp): number {
  const match = pattern.exec(text)?.[1];
  if (match === undefined) throw new Error(`the verifier did not say ${pattern.source}:\n${text}`);
  return Number(match);
}

function readTrace(output: string): { property: string; told: string[] } {
  const lines = output.split("\n").map((line) => line.trim());
  const property = lines.map((line) => /^broken (\w)$/.exec(line)?.[1]).find((name) => name);
  if (property === undefined) throw new Error(`no property was named:\n${output}`);
  return { property, told: lines.filter((line) => line.startsWith(">")) };
}
