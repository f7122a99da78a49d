import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import type { Restartable } from "../process/restartable.ts";

const run = promisify(execFile);

/** A copy of a server's files, as a backup of the disk has them. */
export interface Backup {
  /** Stops the server, puts the copy in the place of its files, and starts it: everything since the copy is forgotten. */
  restore(): Promise<void>;
}

/** Copies the data of a server that keeps it in `dir`; the server is down meanwhile. */
export async function takeBackup(server: Restartable, dir: string): Promise<Backup> {
  const copy = `${dir}.backup`;
  await whileDown(server, () => replace(copy, dir));
  return { restore: () => whileDown(server, () => replace(dir, copy)) };
}

/** With owners and modes: Postgres refuses files that are not its own. */
async function replace(target: string, source: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await run("cp", ["-a", source, target]);
}

async function whileDown(server: Restartable, work: () => Promise<void>): Promise<void> {
  await server.down();
  try {
    await work();
  } finally {
    await server.up();
  }
}
