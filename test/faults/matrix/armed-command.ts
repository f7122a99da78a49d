import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { startGuard, type PartExit } from "../../../sandbox/process/guard.ts";
import { collectArrivals, type Arrivals } from "../../e2e/arrivals.ts";
import { readReport, writePlan, type FailpointReport, type PlanInput } from "../failpoint-plan.ts";
import { ARM } from "./fleet.ts";

const QUIET = "--disable-warning=TimeoutNegativeWarning";

/** A command that runs to its end, armed. */
export interface ArmedCommand {
  readonly acts: Arrivals<FailpointReport>;
  readonly ended: Promise<PartExit>;
  /** What it wrote, line by line. */
  readonly lines: readonly string[];
}

export interface CommandSpec {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly plan?: PlanInput;
  readonly logPath: string;
}

export function startCommand({ args, env, plan = [], logPath }: CommandSpec): ArmedCommand {
  const guard = startGuard({
    name: args.join(" "),
    command: process.execPath,
    args: [QUIET, "--import", ARM, ...args],
    env: { ...env, ...writePlan(plan) },
  });
  mkdirSync(dirname(logPath), { recursive: true });
  const log = createWriteStream(logPath);
  const acts = collectArrivals<FailpointReport>();
  const lines: string[] = [];
  for (const output of [guard.stdout, guard.stderr]) {
    createInterface(output).on("line", (line) => {
      log.write(`${line}\n`);
      lines.push(line);
      const report = line.startsWith("{") ? readReport(JSON.parse(line)) : undefined;
      if (report?.action) acts.push(report);
    });
  }
  return { acts, lines, ended: guard.exited };
}
