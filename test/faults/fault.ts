import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { Rail } from "../../sandbox/service-settings.ts";
import type { World } from "../e2e/world.ts";
import type { Boxes } from "./boxes/open-boxes.ts";

/** Where a fault is tried: one deployment in a sandbox of its own. */
export interface Cell {
  readonly sandbox: Sandbox;
  readonly world: World;
  readonly boxes: Boxes;
}

export interface Fault {
  /** "postgres: answer to COMMIT lost". */
  readonly name: string;
  readonly part: "postgres" | "kafka" | "circle" | "chain" | "process";
  /** Where it can occur. */
  readonly rails: readonly Rail[];
  /** Nobody may publish while it is awaited: what is sent to a topic that is just being deleted nobody could save. */
  readonly needsSilence?: boolean;
  /** In force, or armed for its next occasion. */
  readonly start: (cell: Cell) => Promise<StartedFault>;
}

export interface StartedFault {
  /** How often it struck; a cell in which its fault never did proves nothing, and fails. */
  readonly struck: () => number;
  readonly end: () => Promise<void>;
}
