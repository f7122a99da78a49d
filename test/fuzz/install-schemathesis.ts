import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDirectory } from "../../sandbox/process/cache-directory.ts";
import { callersEnvironment } from "../../sandbox/process/callers-environment.ts";
import { makeOnce } from "../../sandbox/process/make-once.ts";
import { runCommand } from "../../sandbox/process/run-command.ts";

const REQUIREMENTS = fileURLToPath(new URL("requirements.txt", import.meta.url));
const INSTALL_TIMEOUT_MS = 5 * 60_000;

const SCRIPT = `
python3 -m venv "$1" || exit 1
"$1/bin/python" -m pip install --quiet --require-hashes --only-binary :all: --requirement "$2"`;

/**
 * Installs Schemathesis into a Python environment of its own in the cache, once for each state of its requirements;
 * answers that environment's Python. Throws what kept it from being installed.
 */
export async function installSchemathesis(): Promise<string> {
  const version = createHash("sha256")
    .update(await readFile(REQUIREMENTS))
    .digest("hex");
  const environment = join(cacheDirectory(), `schemathesis-${version.slice(0, 12)}`);
  await makeOnce(environment, async (partial, scratch) => {
    const command = {
      name: "Installing Schemathesis (Python 3.11 or later with venv and pip; Debian: apt-get install python3-venv)",
      command: "/bin/sh",
      args: ["-c", SCRIPT, "install", partial, REQUIREMENTS],
      env: callersEnvironment(),
      scratch,
    };
    await runCommand(command, INSTALL_TIMEOUT_MS);
  });
  return join(environment, "bin", "python");
}
