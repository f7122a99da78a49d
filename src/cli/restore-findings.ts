import { readServerPlace } from "../database/server-place.ts";
import type { Database } from "../database/pool.ts";
import { readRestore } from "../restore/read-restore.ts";

interface RestoreFinding {
  readonly verdict: "fine" | "open" | "wrong";
  readonly subject: string;
  readonly detail: string;
}

/** Whether a restore waits for a person, and how far a later one would be noticed by the server itself. */
export async function restoreFindings(db: Database): Promise<readonly RestoreFinding[]> {
  const subject = "restored backup";
  const { open, restoredAt } = await readRestore(db);
  const last = restoredAt ? `the last one was closed at ${restoredAt.toISOString()}` : "none";
  const state: RestoreFinding = open
    ? {
        verdict: "wrong",
        subject,
        detail: `noticed at ${open.detectedAt.toISOString()} (${Object.keys(open.signs).join(", ")}); nothing is sent until: gigpay restored`,
      }
    : { verdict: "fine", subject, detail: last };
  const { system, position } = await readServerPlace(db);
  const hidden = [
    ...(position === null ? ["pg_current_wal_flush_lsn()"] : []),
    ...(system === null ? ["pg_control_system()"] : []),
  ];
  const watch: RestoreFinding =
    hidden.length === 0
      ? {
          verdict: "fine",
          subject: "watch for a restore",
          detail: "log position, timeline, system",
        }
      : {
          verdict: "open",
          subject: "watch for a restore",
          detail: `this login may not call ${hidden.join(" and ")}: GRANT EXECUTE, or rely on Kafka's offsets, our own topics and nonces`,
        };
  return [state, watch];
}
