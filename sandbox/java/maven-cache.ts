import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";

import { cacheDirectory } from "../process/cache-directory.ts";
import { callersEnvironment } from "../process/callers-environment.ts";
import { makeOnce } from "../process/make-once.ts";
import { runCommand } from "../process/run-command.ts";
import type { ScratchDirectory } from "../process/scratch-directory.ts";

const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
/** Newer ones refuse Apicurio, whose parent POM was never published; this one serves Maven 3.8 to 4. */
const DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:2.8";

export interface Download {
  /** The folder's name, with the version, such as `kafka-4.1.0`. */
  readonly folder: string;
  /** For the person who waits: what comes and how large it is. */
  readonly title: string;
  /** A project file that lists what to fetch, for `copy-dependencies`. */
  readonly pom?: string;
  /** Arguments of Maven's dependency plugin that put the files into `directory`. */
  readonly goal: "copy-dependencies" | "unpack";
  readonly goalArgs: (directory: string) => readonly string[];
}

/** Answers the folder of a downloaded part, fetching it by Maven if it is not there. */
export async function fetchByMaven(download: Download): Promise<string> {
  const target = join(cacheDirectory(), download.folder);
  await makeOnce(target, async (partial, scratch) => {
    const began = Date.now();
    process.stderr.write(`Downloading ${download.title}, once, to ${target}\n`);
    await runMaven(download, partial, scratch);
    process.stderr.write(`Downloaded ${download.title} in ${seconds(Date.now() - began)}\n`);
  });
  if (!existsSync(target)) throw new Error(`Maven was content, but brought no ${download.title}.`);
  return target;
}

async function runMaven(
  download: Download,
  directory: string,
  scratch: ScratchDirectory,
): Promise<void> {
  const goal = `${DEPENDENCY_PLUGIN}:${download.goal}`;
  // From the working directory: Maven 4 writes a `target` beside the project file.
  if (download.pom !== undefined) await copyFile(download.pom, join(scratch.path, "pom.xml"));
  const args = ["-q", "-B", goal, ...download.goalArgs(directory)];
  const command = {
    name: `Maven, fetching ${download.folder},`,
    command: "mvn",
    args,
    env: callersEnvironment(),
    scratch,
  };
  await runCommand(command, DOWNLOAD_TIMEOUT_MS).catch((error: unknown) => {
    const missing = error instanceof Error && /mvn: not found|exit 127/.test(error.message);
    if (!missing) throw error;
    throw new Error(
      `${download.title} comes by Maven, and there is no mvn on the PATH. Install it (Debian: apt-get install maven), or use SANDBOX=containers.`,
      { cause: error },
    );
  });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
