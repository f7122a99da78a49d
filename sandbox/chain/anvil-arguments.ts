import { ARC_CHAIN_ID, MIN_BASE_FEE_WEI } from "./arc-chain.ts";

/** Arc's, from its genesis. */
const BLOCK_GAS_LIMIT = 30_000_000;
export const ARC_BLOCK_TIME_MS = 500;

/**
 * How many blocks back state can be read, as on a node without an archive. Each costs a copy of all state, some 300 bytes
 * per payment made: at anvil's own 500 a long run eats the machine.
 */
const STATES_KEPT = 16;

export interface AnvilOptions {
  /** Milliseconds between blocks, 500 as Arc; null mines each transaction at once, for tests of a contract alone. */
  readonly blockTimeMs?: number | null;
  readonly blockGasLimit?: number;
  /** Where it listens: 127.0.0.1 unless told. */
  readonly host?: string;
}

/** What anvil keeps in its directory. */
export const ANVIL_FILES = {
  /** Written once it listens: on a port that another process holds, waiting for a connection would find the other. */
  ready: "ready.json",
  /** The whole chain, written by a tidy end and read by the next start. */
  state: "state.json",
} as const;

/** How anvil is told to look like Arc; it runs in a directory of its own. */
export function anvilArguments(port: number, options: AnvilOptions): string[] {
  const { blockTimeMs, blockGasLimit = BLOCK_GAS_LIMIT } = options;
  const flags: Record<string, string | number | bigint> = {
    "--host": options.host ?? "127.0.0.1",
    "--port": port,
    "--chain-id": ARC_CHAIN_ID,
    "--hardfork": "osaka",
    "--gas-limit": blockGasLimit,
    "--block-base-fee-per-gas": MIN_BASE_FEE_WEI,
    "--prune-history": STATES_KEPT,
    "--config-out": ANVIL_FILES.ready,
    "--state": ANVIL_FILES.state,
  };
  return [
    ...Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)]),
    "--enable-tx-gas-limit",
    // The block clock mines.
    ...(blockTimeMs === null ? [] : ["--no-mining"]),
    "--quiet",
  ];
}
