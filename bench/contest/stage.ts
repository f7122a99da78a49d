import type { Traffic } from "../../sandbox/traffic/publish-tasks.ts";
import type { Contender } from "./contender.ts";
import type { ContestWorld } from "./world.ts";

/** A contender in its world, under load. */
export interface Stage {
  readonly world: ContestWorld;
  readonly traffic: Traffic;
  readonly contender: Contender;
  readonly signal: AbortSignal;
}
