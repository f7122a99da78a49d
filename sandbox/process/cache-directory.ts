import { homedir } from "node:os";
import { join } from "node:path";

/** Where downloads are kept: outside the checkout, so that a fresh clone does not fetch them again. */
export function cacheDirectory(): string {
  const base = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(base, "gigstream-payments");
}
