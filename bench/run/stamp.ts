import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { cpus, release, totalmem, type as systemType } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { anvilBinary } from "../../sandbox/chain/anvil-binary.ts";
import { installedPostgres } from "../../sandbox/postgres/postgres-binaries.ts";
import type { Stamp } from "./result-file.ts";

const run = promisify(execFile);

/** What a number says something about; the results themselves are not part of it. */
const UNDER_TEST = ["src", "contracts", "schemas", "sandbox", "bench", "package-lock.json"];
const PATHS = [...UNDER_TEST.map((path) => `:/${path}`), ":(top,exclude)bench/results"];

/** Which code this is, on which machine, beside which versions. Rejects where this is no checkout of git's. */
export async function readStamp(): Promise<Stamp> {
  return { ...(await readCommit()), machine: readMachine(), versions: await readVersions() };
}

export async function readCommit(): Promise<Pick<Stamp, "commit" | "tested" | "isDirty">> {
  const git = async (...args: string[]) =>
    (await run("git", args, { cwd: import.meta.dirname })).stdout.trim();
  const [commit, files, changed] = await Promise.all([
    git("rev-parse", "--short=10", "HEAD"),
    git("ls-files", "--stage", "--", ...PATHS),
    git("status", "--porcelain", "--", ...PATHS),
  ]);
  const tested = createHash("sha256").update(files).digest("hex").slice(0, 12);
  return { commit, tested, isDirty: changed !== "" };
}

function readMachine(): Stamp["machine"] {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? "unknown",
    processors: processors.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${systemType()} ${release()}`,
  };
}

async function readVersions(): Promise<Stamp["versions"]> {
  const versionOf = async (program: string) => {
    const { stdout } = await run(program, ["--version"]);
    return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? "unknown";
  };
  const pom = await readFile(new URL("../../sandbox/kafka/pom.xml", import.meta.url), "utf8");
  const [postgres, anvil] = await Promise.all([
    versionOf(join(installedPostgres(), "bin", "postgres")),
    versionOf(anvilBinary()),
  ]);
  const kafka = /<version>([^<]+)<\/version>/.exec(pom)?.[1] ?? "unknown";
  return { node: process.versions.node, postgres, kafka, anvil };
}
