// Run after `npm install`, before committing package-lock.json: adds the optional packages of other platforms that npm
// left out because its registry did not offer them. `npm ci` refuses a lock file without them, on every platform.
// Their entries carry no address and no checksum; npm resolves them where their platform needs them.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const lock = JSON.parse(readFileSync(file, "utf8"));
const SYSTEMS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"];

/** "@oxc-parser/binding-linux-arm64-musl" names its system, processor and C library. */
function platformOf(name) {
  const words = name
    .slice(name.lastIndexOf("/") + 1)
    .replace("amd64", "x64")
    .split("-");
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  const libc = words.some((word) => word.startsWith("musl"))
    ? "musl"
    : words.some((word) => word.startsWith("gnu")) && "glibc";
  return { os, cpu, libc: os === "linux" && libc };
}

let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === "") continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lock.packages[place] || lock.packages[`${path}/${place}`]) continue;
    const { os, cpu, libc } = platformOf(name);
    if (!os || !/^\d/.test(version)) continue;
    lock.packages[place] = {
      version,
      ...(cpu && { cpu: [cpu] }),
      ...(entry.dev && { dev: true }),
      ...(libc && { libc: [libc] }),
      optional: true,
      os: [os],
    };
    added += 1;
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(
  file,
  `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
);
console.log(`added ${added} packages`);
