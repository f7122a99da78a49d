import { inject } from "vitest";
import type { SandboxAddresses } from "./sandbox-addresses.ts";

export type SandboxPart = "postgres" | "kafka" | "registry" | "chain";

/** The run's sandbox; the first to ask waits until it is up. */
export async function sandboxAddresses(): Promise<SandboxAddresses> {
  return (await ask("/")) as SandboxAddresses;
}

/** Ends the part's process and keeps its data. Only for a file that brings it up again: the sandbox is shared. */
export async function takeDown(part: SandboxPart): Promise<void> {
  await ask(`/${part}/down`);
}

/** Resolves when it is ready where it was. */
export async function bringUp(part: SandboxPart): Promise<void> {
  await ask(`/${part}/up`);
}

async function ask(path: string): Promise<unknown> {
  const answer = await fetch(inject("sandboxUrl") + path);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text);
}
