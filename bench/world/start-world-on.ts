import type { SandboxOptions } from "../../sandbox/sandbox.ts";
import type { Rail } from "../../sandbox/service-settings.ts";
import type { RunContext } from "../question.ts";
import type { BenchWorld } from "./bench-world.ts";
import { startSandboxWorld } from "./start-sandbox-world.ts";
import { startSimulatedWorld } from "./start-simulated-world.ts";

/** The service's own, and the one that lives in its process. */
export type BenchRail = Rail | "simulated";

/** Starts a world of its own on that rail; what differs from the usual sandbox concerns the real rails only. */
export async function startWorldOn(
  rail: BenchRail,
  sandbox: Pick<SandboxOptions, "blockGasLimit" | "treasuries">,
  context: RunContext,
): Promise<BenchWorld> {
  return rail === "simulated"
    ? startSimulatedWorld(context)
    : startSandboxWorld({ rail, sandbox }, context);
}
