import type { FaultSpec } from "./control/fault-spec.ts";
import type { PendingFault } from "./control/faults.ts";
import type { CircleAddress } from "./control/serve-control.ts";
import type { Settings, SettingsPatch } from "./control/settings.ts";
import type { Execution, Stats } from "./control/stats.ts";

/** A transaction as the emulator knows it: Circle's view of it, every state it had, and the chain transactions behind it. */
export interface InsideTransaction {
  readonly id: string;
  /** When its POST was taken; what Circle itself shows has whole seconds. */
  readonly createdAtMs: number;
  readonly state: string;
  readonly refId: string;
  readonly txHash: string;
  readonly states: readonly string[];
  readonly sent: readonly {
    readonly hash: `0x${string}`;
    readonly nonce: number;
    readonly kind: Execution["kind"];
    readonly isBroadcast: boolean;
  }[];
}

/** Steers an emulator from outside, for tests, demos and benchmarks. */
export interface CircleControl {
  address(): Promise<CircleAddress>;
  settings(): Promise<Settings>;
  /** Groups are merged, arrays and plain values replaced. Answers all settings. */
  configure(patch: SettingsPatch): Promise<Settings>;
  /** Queues a fault; answers its id. */
  inject(fault: FaultSpec): Promise<string>;
  faults(): Promise<readonly PendingFault[]>;
  /** How often that fault has struck, also once it is spent or cleared. */
  struck(faultId: string): Promise<number>;
  /** All of them without an id. */
  clearFaults(id?: string): Promise<void>;
  stats(): Promise<Stats>;
  /** Draws latencies and faults anew from this seed. */
  seed(seed: number): Promise<void>;
  transactions(): Promise<readonly InsideTransaction[]>;
  /** Makes a wallet of this key the account's, so that somebody else's wallet can send plain transfers; answers its id. */
  importWallet(privateKey: `0x${string}`): Promise<string>;
  /** Settings as at the start, no faults, no counts; transactions and keys stay. */
  reset(): Promise<void>;
}

const TIMEOUT_MS = 5_000;

/** The client of a control endpoint, given its address (`controlUrl`). Throws with the endpoint's words where it refuses. */
export function circleControl(controlUrl: string): CircleControl {
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${controlUrl}${path}`, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Circle control ${method} ${path}: ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  return {
    address: () => ask("GET", ""),
    settings: () => ask("GET", "/settings"),
    configure: (patch) => ask("PATCH", "/settings", patch),
    inject: async (fault) => (await ask<{ id: string }>("POST", "/faults", fault)).id,
    faults: () => ask("GET", "/faults"),
    struck: async (id) => (await ask<{ struck: number }>("GET", `/faults/${id}`)).struck,
    clearFaults: (id) => ask("DELETE", id === undefined ? "/faults" : `/faults/${id}`),
    stats: () => ask("GET", "/stats"),
    seed: (seed) => ask("POST", "/seed", { seed }),
    transactions: () => ask("GET", "/transactions"),
    importWallet: async (privateKey) =>
      (await ask<{ id: string }>("POST", "/wallets", { privateKey })).id,
    reset: () => ask("POST", "/reset"),
  };
}
