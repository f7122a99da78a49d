import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { compileSolidity, type Artifact } from "./solidity.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FORMAT_TIMEOUT_MS = 30_000;

/** Each source with the folder of its artifact. */
const SOURCES = {
  "contracts/PayOnce.sol": "contracts",
  "sandbox/chain/tokens/Usdc.sol": "sandbox/chain/tokens",
  "sandbox/chain/tokens/Eurc.sol": "sandbox/chain/tokens",
  "sandbox/chain/tokens/SystemEmitter.sol": "sandbox/chain/tokens",
  "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol": "sandbox/chain/tokens",
} as const;

/**
 * `node contracts/compile.ts` writes the compiled artifacts; with `--check` it compiles again, writes nothing, and exits
 * with 1 if a committed file is not exactly what the sources give.
 */
function main(check: boolean): number {
  const stale = [...generate()].filter(([path, content]) => {
    const file = `${ROOT}${path}`;
    if (existsSync(file) && readFileSync(file, "utf8") === content) return false;
    if (!check) writeFileSync(file, content);
    return true;
  });
  for (const [path] of stale) {
    console.log(
      check ? `${path} is not what its source compiles to: run npm run compile` : `wrote ${path}`,
    );
  }
  return check && stale.length > 0 ? 1 : 0;
}

function generate(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [source, folder] of Object.entries(SOURCES)) {
    const name = basename(source, ".sol");
    const artifact = compileSolidity([source]).get(name);
    if (!artifact) throw new Error(`${source} has no contract ${name}`);
    files.set(`${folder}/${name}.json`, `${JSON.stringify(artifact, null, 2)}\n`);
    if (name === "PayOnce") files.set("contracts/pay-once-abi.ts", abiModule(artifact));
  }
  return files;
}

/** The ABI as literal types, which JSON imports do not give: viem derives arguments and events from them. */
function abiModule(artifact: Artifact): string {
  const text = `/** Generated from PayOnce.sol by contracts/compile.ts. */
export const payOnceAbi = ${JSON.stringify(artifact.abi)} as const;\n`;
  const args = ["--stdin-filepath", "contracts/pay-once-abi.ts"];
  const format = spawnSync(`${ROOT}node_modules/.bin/oxfmt`, args, {
    input: text,
    cwd: ROOT,
    encoding: "utf8",
    timeout: FORMAT_TIMEOUT_MS,
  });
  if (format.status !== 0) throw new Error(`oxfmt: ${format.stderr || format.error?.message}`);
  return format.stdout;
}

process.exitCode = main(process.argv.includes("--check"));
