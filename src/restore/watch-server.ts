import type { Logger } from "pino";
import type { CommonQueryMethods } from "slonik";
import { readServerPlace, wentBackwards, type ServerPlace } from "../database/server-place.ts";
import { openRestore } from "./open-restore.ts";

/**
 * The furthest that this process has seen its server; memory only, so that no restore can take it back. Looked at with each
 * new session and every second: against an hour-old place, a backup of half an hour ago would look like progress.
 */
export interface ServerWatch {
  /** Looks at the server behind a connection, and opens a restore where it has forgotten something; throws DATABASE_*. */
  look(db: CommonQueryMethods): Promise<void>;
  /** What was seen last. */
  seen(): ServerPlace | undefined;
}

export function createServerWatch(log: Logger): ServerWatch {
  let seen: ServerPlace | undefined;
  return {
    seen: () => seen,
    async look(db) {
      const before = seen;
      const found = await readServerPlace(db);
      const backwards = before && wentBackwards(before, found);
      if (backwards) {
        await openRestore({ db, log }, { kind: "server", ...backwards });
        // Written down there: from here on that server is the one to measure by.
        seen = found;
        return;
      }
      // Looks overlap, and one that was asked earlier may answer later.
      if (!seen || seen === before || isFurther(found, seen))
        seen = { ...found, ...keep(found, before) };
    },
  };
}

function isFurther(one: ServerPlace, other: ServerPlace): boolean {
  return (one.position ?? 0n) >= (other.position ?? 0n);
}

/** A standby, or a role that lost a right, says less than was known; that is no news. */
function keep(found: ServerPlace, before: ServerPlace | undefined): Partial<ServerPlace> {
  if (!before) return {};
  return {
    system: found.system ?? before.system,
    timeline: found.timeline ?? before.timeline,
    position: found.position ?? before.position,
    ledger: found.ledger === "" ? before.ledger : found.ledger,
  };
}
