import type { ApiKey } from "../keys/find-key.ts";
import { notFound } from "./problems.ts";

/** A key that is bound to one platform does not learn that there are others. Throws `not_found`. */
export function assertOwn(key: ApiKey, platformId: string, what: string): void {
  if (!owns(key, platformId)) throw notFound(what);
}

export function owns(key: ApiKey, platformId: string | null): boolean {
  return key.platformId === null || key.platformId === platformId;
}

/** Who did it, for the audit log. */
export function actorOf(key: ApiKey): string {
  return `key:${key.name}`;
}
