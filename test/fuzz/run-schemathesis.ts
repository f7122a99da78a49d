import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { callersEnvironment } from "../../sandbox/process/callers-environment.ts";
import { runCommand } from "../../sandbox/process/run-command.ts";
import { scratchDirectory } from "../../sandbox/process/scratch-directory.ts";
import { installSchemathesis } from "./install-schemathesis.ts";

const CONFIG = new URL("schemathesis.toml", import.meta.url);
const REPORTS = fileURLToPath(new URL("../../.sandbox/", import.meta.url));
/** Half a minute on a machine of its own; many times that where others want it too. */
const RUN_TIMEOUT_MS = 8 * 60_000;

/**
 * Fuzzes the API that is served at this address and answers the whole report, which is also in `.sandbox/fuzz.txt`. Each
 * `${NAME}` of the configuration becomes what is given for it. Throws the report where something was found.
 */
export async function runSchemathesis(
  url: string,
  given: Readonly<Record<string, string>>,
): Promise<string> {
  const python = await installSchemathesis();
  const scratch = await scratchDirectory("fuzz");
  const report = join(REPORTS, "fuzz.txt");
  const config = join(scratch.path, "schemathesis.toml");
  const template = await readFile(CONFIG, "utf8");
  await writeFile(
    config,
    template.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => given[name] ?? ""),
  );
  await mkdir(REPORTS, { recursive: true });
  const run = ["-m", "schemathesis.cli", "--config-file", config, "run", "--no-color"];
  const command = {
    name: "schemathesis",
    command: "/bin/sh",
    args: ["-c", 'report=$1; shift; exec "$@" >"$report" 2>&1', "fuzz", report]
      .concat(python, run)
      .concat(`${url}/openapi.json`, "--url", url),
    cwd: scratch.path,
    env: callersEnvironment(),
    scratch,
  };
  try {
    await runCommand(command, RUN_TIMEOUT_MS);
    return await readFile(report, "utf8");
  } catch (error) {
    throw new Error(`${String(error)}\n${await readFile(report, "utf8")}`, { cause: error });
  } finally {
    await scratch.remove();
  }
}
