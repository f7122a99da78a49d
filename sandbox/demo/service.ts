import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { PartExit } from "../process/guard.ts";
import { spawnPart, type Part } from "../process/spawn-part.ts";
import { runCommand } from "../process/run-command.ts";

const GIGPAY = fileURLToPath(new URL("../../src/cli/gigpay.ts", import.meta.url));
/** What the program's own first line asks of Node, behind `#!/usr/bin/env -S node`. */
const NODE_FLAGS = (readFileSync(GIGPAY, "utf8").split("\n", 1)[0] ?? "").split(" ").slice(3);
const READY_TIMEOUT_MS = 60_000;

export interface Service {
  /** The service's own process. */
  readonly pid: number;
  /** kill -9: nothing is flushed, nothing is said goodbye to. */
  kill(): Promise<void>;
  /** SIGTERM: finishes its batches and leaves the group. */
  stop(): Promise<void>;
  /** Resolves once it is gone, with how it ended. */
  readonly exited: Promise<PartExit>;
}

type Settings = Readonly<Record<string, string>>;

export interface ServiceOptions {
  readonly instance?: string;
  /** Another version's; this checkout's unless told. */
  readonly program?: string;
  readonly onLine?: (line: string) => void;
  /** Of its process, before the program's name. */
  readonly nodeArguments?: readonly string[];
}

/** Brings the database's schema up to date, as a deployment does before it starts the service. */
export async function migrateService(settings: Settings, program = GIGPAY): Promise<void> {
  const command = {
    name: "gigpay migrate",
    command: process.execPath,
    args: [...NODE_FLAGS, program, "migrate"],
    env: { ...settings },
  };
  await runCommand(command, READY_TIMEOUT_MS);
}

/** Starts `gigpay serve` in a process of its own and resolves when it is ready to pay. */
export async function startService(
  settings: Settings,
  options: ServiceOptions = {},
): Promise<Service> {
  const { instance = "demo-1", program = GIGPAY, onLine, nodeArguments = [] } = options;
  const part: Part = await spawnPart({
    name: `gigpay serve (${instance})`,
    command: process.execPath,
    args: [...NODE_FLAGS, ...nodeArguments, program, "serve"],
    env: { ...settings, INSTANCE_ID: instance },
    ready: { line: /"msg":"ready"/ },
    timeoutMs: READY_TIMEOUT_MS,
    ...(onLine && { onLine }),
  });
  return {
    pid: part.pid,
    async kill() {
      process.kill(part.pid, "SIGKILL");
      await part.exited;
    },
    stop: () => part.stop("SIGTERM"),
    exited: part.exited,
  };
}
