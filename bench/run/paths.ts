import { fileURLToPath } from "node:url";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What is published. */
export const RESULTS = at("../results/");
/** What a run leaves on this machine alone. */
export const SCRATCH = at("../../.sandbox/bench/");
export const PROFILES = `${SCRATCH}profiles/`;

/** A smoke run's numbers are nobody's, and stay here. */
export function resultPath(name: string, isQuick: boolean): string {
  return isQuick ? `${SCRATCH}${name}.quick.json` : `${RESULTS}${name}.json`;
}
