import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";

import {
  scratchDirectory,
  type Account,
  type ScratchDirectory,
} from "../process/scratch-directory.ts";
import { othersMayEnter } from "./postgres-binaries.ts";

/** Whom Postgres runs as, if not as ourselves: it refuses to be root; nobody, whom every system has, will do. */
export async function postgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = await readFile("/etc/passwd", "utf8");
  const nobody = accounts.split("\n").find((line) => line.startsWith("nobody:"));
  const [uid, gid] = (nobody?.split(":").slice(2, 4) ?? []).map(Number);
  if (uid === undefined || gid === undefined) {
    throw new Error(
      "postgres: it refuses to run as root, and there is no account `nobody` to run it as.",
    );
  }
  return { uid, gid };
}

/** A directory that this account can reach: a private temporary directory of root's is closed to it, /tmp never is. */
export async function scratchFor(account: Account | undefined): Promise<ScratchDirectory> {
  if (account === undefined) return scratchDirectory("postgres");
  const parent = (await othersMayEnter(tmpdir())) ? tmpdir() : "/tmp";
  return scratchDirectory("postgres", { owner: account, parent });
}
