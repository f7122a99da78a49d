import type { Rail } from "../../../sandbox/service-settings.ts";
import type { Stage, StageOptions } from "./stage.ts";

export const KINDS = ["failpoint", "fault", "pair", "trace", "instances", "takeover"] as const;
export type CellKind = (typeof KINDS)[number];

/** One cell of the matrix. */
export interface CellSpec {
  readonly name: string;
  readonly kind: CellKind;
  readonly rail: Rail;
  readonly options?: Pick<StageOptions, "settings" | "migrate" | "method">;
  /** The fault looks like a restored backup: an operator confirms what the service finds. */
  readonly needsOperator?: boolean;
  /** Plays the fault, and answers when it ended (ms since the epoch): recovery counts from there. */
  readonly play: (stage: Stage) => Promise<Played>;
}

export interface Played {
  readonly endedAtMs: number;
  /** What else was measured, in ms by name. */
  readonly measured?: Readonly<Record<string, number>>;
  /** What this cell is held to beside the rest, once nothing is in flight; throws what is wrong. */
  readonly audit?: () => Promise<void>;
}

/** What became of a cell. */
export interface CellResult {
  readonly name: string;
  readonly kind: CellKind;
  readonly rail: Rail;
  readonly outcome: "passed" | "failed";
  /** From the end of the fault to the last outcome of any task, in ms. */
  readonly recoveryMs?: number;
  readonly measured?: Readonly<Record<string, number>>;
  readonly payments?: number;
  readonly restarts?: number;
  readonly durationMs: number;
  /** The commit that it was played on; absent where the source differed from its last commit. */
  readonly commit?: string;
  /** Why it failed. */
  readonly error?: string;
}
