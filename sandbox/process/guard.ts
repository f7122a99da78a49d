import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

import type { Account, ScratchDirectory } from "./scratch-directory.ts";

const GUARD = await readFile(new URL("./guard.sh", import.meta.url), "utf8");

/** How long a part may take to end when it is asked to, before its whole group is killed. */
const STOP_GRACE_MS = 10_000;
/** The same once its owner is dead: nobody waits for a tidy end any more, and a new run may be starting. */
const DEATH_GRACE_MS = 2_000;
/** What a part sees of the caller's environment: enough to find programs, nothing that changes how it behaves. */
const INHERITED = ["PATH", "HOME", "TMPDIR", "JAVA_HOME", "LANG", "XDG_CACHE_HOME"];

export interface GuardedCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs the part as another user: Postgres refuses to be root. */
  readonly account?: Account;
  /** A directory that must stay until this part is gone. */
  readonly scratch?: ScratchDirectory;
  /** Sent when the owner dies; SIGTERM unless told. */
  readonly deathSignal?: NodeJS.Signals;
}

export interface PartExit {
  readonly code?: number;
  readonly signal?: string;
  /** Why the system refused to run it at all. */
  readonly neverRan?: string;
}

export interface Guard {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly pid: Promise<number>;
  readonly exited: Promise<PartExit>;
}

/** Runs a command under guard.sh, which ends it and its whole group once this process is gone. */
export function startGuard(spec: GuardedCommand): Guard {
  const graces = [DEATH_GRACE_MS, STOP_GRACE_MS].map((ms) => String(ms / 100));
  const deathSignal = (spec.deathSignal ?? "SIGTERM").slice("SIG".length);
  const guarded = [deathSignal, ...graces, spec.command, ...spec.args];
  const child = spawn("/bin/sh", ["-c", GUARD, spec.name, ...guarded], {
    // The leader of a group of its own: a Ctrl-C in the terminal reaches only the owner, who stops parts in order.
    detached: true,
    cwd: spec.cwd ?? spec.scratch?.path ?? "/",
    env: { ...inheritedEnvironment(), ...spec.env },
    stdio: ["pipe", "pipe", "pipe", "pipe", spec.scratch?.hold ?? "ignore"],
    ...spec.account,
  });
  child.stdin?.on("error", () => undefined);
  const report = createInterface(child.stdio[3] as Readable);
  const reported: number[] = [];
  const pid = new Promise<number>((resolve) => {
    report.on("line", (line) => {
      if (reported.push(Number(line)) === 1) resolve(Number(line));
    });
  });
  const exited = new Promise<PartExit>((resolve) => {
    child.on("error", (error) => resolve({ neverRan: error.message }));
    child.on("close", () => resolve(toExit(reported[1])));
  });
  return {
    stdin: child.stdin as Writable,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    pid,
    exited,
  };
}

function inheritedEnvironment(): Record<string, string> {
  const pairs = INHERITED.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(
    pairs.filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

/** A shell reports death by signal n as 128 + n; no report at all means that the guard had to kill its whole group. */
function toExit(status: number | undefined): PartExit {
  if (status === undefined) return { signal: "SIGKILL" };
  if (status <= 128) return { code: status };
  const found = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return found === undefined ? { code: status } : { signal: found[0] };
}
