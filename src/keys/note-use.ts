import { setTimeout as delay } from "node:timers/promises";
import { sql } from "slonik";
import type { Logger } from "../log.ts";
import { anyRow, type Database } from "../database/pool.ts";

const EVERY_MS = 60_000;

export interface UseNotes {
  /** Free: it is written later. */
  note(keyId: string): void;
  /** Writes once a minute what was noted, and once more when the signal aborts. Never throws. */
  run(signal: AbortSignal): Promise<void>;
}

/** When each key was last used, kept out of the requests' way; a minute is lost with a process that is killed. */
export function createUseNotes({ pool, log }: { pool: Database; log: Logger }): UseNotes {
  const used = new Map<string, Date>();
  const write = async () => {
    if (used.size === 0) return;
    const notes = [...used];
    used.clear();
    const ids = notes.map(([id]) => id);
    const times = notes.map(([, at]) => at.toISOString());
    await pool.query(sql.type(anyRow)`
      UPDATE api_keys SET last_used_at = greatest(last_used_at, n.at)
      FROM unnest(${sql.array(ids, "text")}, ${sql.array(times, "timestamptz")}) AS n (id, at)
      WHERE api_keys.id = n.id`);
  };
  return {
    note: (keyId) => void used.set(keyId, new Date()),
    async run(signal) {
      while (!signal.aborted) {
        await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
        await write().catch((error: unknown) =>
          log.warn({ err: error }, "could not write down when API keys were last used"),
        );
      }
    },
  };
}
