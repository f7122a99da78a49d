import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { callersEnvironment } from "../../sandbox/process/callers-environment.ts";
import { runCommand } from "../../sandbox/process/run-command.ts";

const PEERS = fileURLToPath(new URL("../peers/", import.meta.url));
const INSTALL_TIMEOUT_MS = 180_000;
const CHECK_TIMEOUT_MS = 120_000;

/** Installs the peers as their lock file says, and checks their types; only where that was not done yet. */
export async function installPeers(say: (line: string) => void): Promise<void> {
  const lock = await readFile(join(PEERS, "package-lock.json"));
  const wanted = createHash("sha256").update(lock).digest("hex");
  const stamp = join(PEERS, "node_modules", ".installed-lock");
  if (existsSync(stamp) && (await readFile(stamp, "utf8")) === wanted) return;
  say("installing the peers (70 packages, 200 MB; once per bench/peers/package-lock.json)");
  await npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], INSTALL_TIMEOUT_MS);
  await npm(["run", "check"], CHECK_TIMEOUT_MS);
  await writeFile(stamp, wanted);
}

async function npm(args: readonly string[], timeoutMs: number): Promise<void> {
  const command = { name: `npm ${args[0]}`, command: "npm", args: ["--prefix", PEERS, ...args] };
  await runCommand({ ...command, env: callersEnvironment() }, timeoutMs);
}
