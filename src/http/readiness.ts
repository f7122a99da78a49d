import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";

export interface Check {
  readonly name: string;
  readonly status: "ok" | "degraded" | "unavailable";
  /** One sentence where something is the matter. */
  readonly detail: string | null;
}

export interface Readiness {
  /** `degraded`: requests are taken, and payments may take longer. */
  readonly status: Check["status"];
  readonly checks: readonly Check[];
}

export interface ReadinessDeps {
  readonly pool: Database;
  readonly isConsuming: () => boolean;
  readonly isStopping: () => boolean;
}

/** Probes come every second from many places; the database hears of one. */
const FRESH_MS = 1_000;
/** Arc makes two blocks a second: a cursor that stands still for so long has lost the chain. */
const CURSOR_LATE_SECONDS = 30;

const stateRow = z.object({
  cursorAgeSeconds: z.number().nullable(),
  isPaused: z.boolean(),
  isRestoring: z.boolean(),
});

/** Looks whether requests should come here; one look at a time, and at most one a second. */
export function createReadiness(deps: ReadinessDeps): () => Promise<Readiness> {
  let last: { readonly readiness: Promise<Readiness>; readonly atMs: number } | undefined;
  return () => {
    if (last && performance.now() - last.atMs < FRESH_MS) return last.readiness;
    last = { readiness: look(deps), atMs: performance.now() };
    return last.readiness;
  };
}

async function look({ pool, isConsuming, isStopping }: ReadinessDeps): Promise<Readiness> {
  const checks = [
    check("instance", isStopping() ? "unavailable" : "ok", "It is stopping."),
    check("kafka", isConsuming() ? "ok" : "unavailable", "It has not joined its consumer group."),
    ...(await lookAtDatabase(pool)),
  ];
  const worst = (["unavailable", "degraded"] as const).find((status) =>
    checks.some((each) => each.status === status),
  );
  return { status: worst ?? "ok", checks };
}

async function lookAtDatabase(pool: Database): Promise<readonly Check[]> {
  try {
    const { cursorAgeSeconds, isPaused, isRestoring } = await pool.one(sql.type(stateRow)`
      SELECT (SELECT extract(epoch FROM payment_now() - max(updated_at))::float8 FROM chain_cursors) AS "cursorAgeSeconds",
        EXISTS (SELECT FROM pauses WHERE scope = '*') AS "isPaused",
        EXISTS (SELECT FROM restores WHERE closed_at IS NULL) AS "isRestoring"`);
    const isLate = cursorAgeSeconds !== null && cursorAgeSeconds > CURSOR_LATE_SECONDS;
    return [
      check("database", "ok", ""),
      check("chain", isLate ? "degraded" : "ok", "No block was followed for 30 seconds."),
      check("dispatch", isPaused ? "degraded" : "ok", "Paused: nothing is sent."),
      check("restore", isRestoring ? "degraded" : "ok", "A restored backup is not confirmed."),
    ];
  } catch {
    return [check("database", "unavailable", "It does not answer.")];
  }
}

function check(name: string, status: Check["status"], detail: string): Check {
  return { name, status, detail: status === "ok" ? null : detail };
}
