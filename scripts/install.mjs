// Installs the locked packages when, and only when, the lock file differs from the one last installed.
// Plain JavaScript: it must run on the Node that started npm, before Node 24 is in node_modules/.bin.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stampFile = `${root}node_modules/.installed-lock`;
const lockHash = createHash("sha256")
  .update(readFileSync(`${root}package-lock.json`))
  .digest("hex");
const installedHash = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : "";

if (installedHash !== lockHash) {
  process.stderr.write("Installing packages (once per package-lock.json) ...\n");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", process.stderr, process.stderr],
    shell: process.platform === "win32",
  });
  writeFileSync(stampFile, lockHash);
}
