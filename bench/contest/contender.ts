import type { Part } from "../../sandbox/process/spawn-part.ts";
import type { ContestWorld } from "./world.ts";

/** Somebody who does the job. */
export interface Contender {
  readonly name: string;
  /** So many tasks at once as it pays in some seconds. */
  readonly backlog: number;
  /** Makes its tables, once. */
  prepare(world: ContestWorld): Promise<void>;
  /** Starts its processes where they were; resolves when they take in tasks. */
  start(world: ContestWorld): Promise<readonly Process[]>;
}

/** One of its processes: spawned for a round, or beside others of the world's own. */
export type Process = Pick<Part, "pid" | "exited"> & { stop(): Promise<void> };

/** kill -9 of all that it runs, at once. */
export async function killAll(parts: readonly Process[]): Promise<void> {
  for (const { pid } of parts) process.kill(pid, "SIGKILL");
  await Promise.all(parts.map(({ exited }) => exited));
}

export async function stopAll(parts: readonly Process[]): Promise<void> {
  await Promise.all(parts.map((part) => part.stop()));
}
