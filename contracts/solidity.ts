import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, posix } from "node:path";
import { fileURLToPath } from "node:url";
import type { Abi, Hex } from "viem";
import solc from "solc";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const LIBRARY = "@openzeppelin/contracts";
const LIBRARY_FOLDER = dirname(require.resolve("@openzeppelin/contracts/package.json"));

/**
 * Many runs: PayOnce is called for every payment and deployed once. `bytecodeHash: none` because the deployed code's hash
 * is checked at start-up, and a mended comment must not change it. Cancun is the oldest hard fork the code needs
 * (transient storage), so it runs wherever Arc's does.
 */
const SETTINGS = {
  optimizer: { enabled: true, runs: 1_000_000 },
  viaIR: true,
  evmVersion: "cancun",
  metadata: { bytecodeHash: "none" },
} as const;

/** One compiled contract, with all that is needed to make it again. */
export interface Artifact {
  readonly contractName: string;
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
  readonly compiler: { readonly version: string; readonly settings: typeof SETTINGS };
  /** SHA-256 over every source file's path and content, imports included. */
  readonly sourceHash: string;
}

interface SolcComplaint {
  readonly severity: string;
  readonly formattedMessage: string;
  readonly sourceLocation?: { readonly file: string };
}

interface SolcOutput {
  readonly errors?: readonly SolcComplaint[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, SolcContract>>>>;
}

interface SolcContract {
  readonly abi: Abi;
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: { readonly object: string };
  };
}

/**
 * Compiles Solidity files, given by their path from the repository's root, and what they import. Answers every contract
 * of the given files by name; throws with the compiler's own words on an error, or a warning in our own files.
 */
export function compileSolidity(paths: readonly string[]): Map<string, Artifact> {
  const sources = collectSources(paths);
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([...sources].map(([path, content]) => [path, { content }])),
    settings: {
      ...SETTINGS,
      outputSelection: {
        "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] },
      },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  const complaints = (output.errors ?? []).filter(isOurs);
  if (complaints.length > 0) {
    throw new Error(complaints.map((complaint) => complaint.formattedMessage).join("\n"));
  }
  return new Map(
    paths.flatMap((path) =>
      Object.entries(output.contracts?.[path] ?? {}).map(([contractName, contract]) => [
        contractName,
        artifactOf(contractName, contract, sourceHashOf(path)),
      ]),
    ),
  );
}

/** Warnings in a library's files are the library's: OpenZeppelin's re-entrancy guard clears what it is warned about. */
function isOurs(complaint: SolcComplaint): boolean {
  return complaint.severity === "error" || !complaint.sourceLocation?.file.startsWith("@");
}

function artifactOf(contractName: string, contract: SolcContract, sourceHash: string): Artifact {
  return {
    contractName,
    abi: contract.abi,
    bytecode: `0x${contract.evm.bytecode.object}`,
    deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
    compiler: { version: solc.version() as string, settings: SETTINGS },
    sourceHash,
  };
}

function sourceHashOf(path: string): string {
  const hash = createHash("sha256");
  const sources = collectSources([path]);
  for (const name of [...sources.keys()].sort()) hash.update(`${name}\n${sources.get(name)}\n`);
  return hash.digest("hex");
}

/** The files and all they import, by the name the compiler knows them under. */
function collectSources(paths: readonly string[]): Map<string, string> {
  const sources = new Map<string, string>();
  const pending = [...paths];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (sources.has(path)) continue;
    const content = readFileSync(fileOf(path), "utf8");
    sources.set(path, content);
    for (const [, target = ""] of content.matchAll(/^import\b[^"]*"([^"]+)"/gm)) {
      pending.push(target.startsWith(".") ? posix.join(posix.dirname(path), target) : target);
    }
  }
  return sources;
}

function fileOf(path: string): string {
  return path.startsWith(LIBRARY) ? path.replace(LIBRARY, LIBRARY_FOLDER) : `${ROOT}${path}`;
}
