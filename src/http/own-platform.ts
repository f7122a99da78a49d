import type { ApiKey } from "../keys/find-key.ts";
import { notFound } from "./problems.ts";

/** A key that is bound to one platform does not learn that there are others. Throws `not_found`. */
export function assertOwn(key: ApiKey, platformId: string, what: string): void {
  if (!owns(key, platformId)) throw notFound(what);
}

function owns(key: ApiKey, platformId: string | null): boolean {
  return key.platformId === null || key.platformId === platformId;
}

/**
 * The platform to look at: the key's own where it has one. Asked for another one it finds nothing, as if there were none.
 */
export function platformFilter(key: ApiKey, asked: string | undefined): string | undefined {
  return key.platformId ?? asked;
}
