import type { Database } from "../database/pool.ts";
import { EVERYTHING } from "../dispatch/pause.ts";
import { listPauses } from "../queries/list-pauses.ts";

interface PauseFinding {
  readonly verdict: "fine" | "paused";
  readonly subject: string;
  readonly detail: string;
}

/** Each pause with who asked for it and why: nobody should lift one without knowing. */
export async function pauseFindings(db: Database): Promise<readonly PauseFinding[]> {
  const pauses = await listPauses(db);
  if (pauses.length === 0) return [{ verdict: "fine", subject: "dispatch", detail: "not paused" }];
  return pauses.map(({ scope, reason, actor, since }) => ({
    verdict: "paused",
    subject: scope === EVERYTHING ? "dispatch" : `dispatch of platform ${scope}`,
    detail: `since ${since} by ${actor}: ${reason}`,
  }));
}
