import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";

/** Whom a part runs as, where that is not the user who started the sandbox. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A temporary directory that outlives neither its owner nor the parts that hold it. */
export interface ScratchDirectory {
  readonly path: string;
  /** Handed to a part as an open file: the directory stays for as long as anyone holds it. */
  readonly hold: Writable;
  /** Lets go of the directory; resolves when it is removed, which waits for every part that holds it. */
  remove(): Promise<void>;
}

/** Makes a directory of its own, under the system's temporary one unless told. */
export async function scratchDirectory(
  name: string,
  options: { readonly owner?: Account; readonly parent?: string } = {},
): Promise<ScratchDirectory> {
  const path = await mkdtemp(join(options.parent ?? tmpdir(), `gigstream-${name}-`));
  const scratch = sweepAfterUse(path);
  if (options.owner !== undefined) await chown(path, options.owner.uid, options.owner.gid);
  return scratch;
}

/**
 * Sees to it that a directory goes. A small shell waits for the end of a pipe whose writing end the owner and its parts
 * share, so it comes only when all of them are gone, killed -9 or not; then it removes the directory. No part is left
 * writing into a path that has been swept.
 */
export function sweepAfterUse(path: string): ScratchDirectory {
  const sweeper = spawn("/bin/sh", ["-c", 'cat >/dev/null; rm -rf -- "$1"', "sweeper", path], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const swept = once(sweeper, "exit");
  return {
    path,
    hold: sweeper.stdin,
    async remove() {
      sweeper.stdin.destroy();
      await swept;
    },
  };
}
