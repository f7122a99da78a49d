import { callersEnvironment } from "../process/callers-environment.ts";
import { makeOnce } from "../process/make-once.ts";
import { runCommand } from "../process/run-command.ts";

const FETCH_TIMEOUT_MS = 5 * 60_000;

/** The lists may be missing or old; only then are they renewed, which takes root. */
const SCRIPT = `
partial=$1; shift
apt-get download "$@" || { apt-get update && apt-get download "$@"; } || exit 1
for package in *.deb; do dpkg-deb --extract "$package" unpacked || exit 1; done
mv unpacked "$partial"`;

/**
 * Fetches Debian's packages and unpacks them into a folder, once. They are not installed: what a package would start,
 * change or ask for on this machine does not happen, and what they depend on is not brought along.
 */
export async function fetchByApt(packages: readonly string[], folder: string): Promise<void> {
  await makeOnce(folder, async (partial, scratch) => {
    process.stderr.write(`Fetching Debian's ${packages.join(", ")}, once, to ${folder}\n`);
    const command = {
      name: `apt-get, fetching ${packages.join(", ")},`,
      command: "/bin/sh",
      args: ["-c", SCRIPT, "fetch", partial, ...packages],
      env: callersEnvironment(),
      scratch,
    };
    await runCommand(command, FETCH_TIMEOUT_MS);
  });
}
