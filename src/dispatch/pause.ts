import { sql } from "slonik";
import { anyRow } from "../database/pool.ts";
import { transact } from "../database/transact.ts";
import { failpoint } from "../failpoint.ts";
import type { DispatchDeps, Ringing } from "./dispatch-deps.ts";

type PauseDeps = Pick<DispatchDeps, "database" | "log">;

/** Pauses dispatch of everything. */
export const EVERYTHING = "*";

/**
 * Nothing more is formed for this scope (`EVERYTHING` or a platform's id); sends already committed are finished, and
 * following and settling go on. Answers false if it was paused already: the first reason stands.
 */
export async function pause(
  deps: PauseDeps,
  scope: string,
  reason: string,
  actor: string,
): Promise<boolean> {
  const isNew = await transact(deps.database, async (tx) => {
    const { rowCount } = await tx.query(sql.type(anyRow)`
      INSERT INTO pauses (scope, reason, actor) VALUES (${scope}, ${reason}, ${actor})
      ON CONFLICT (scope) DO NOTHING`);
    if (rowCount === 0) return false;
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES (${actor}, 'dispatch.paused', ${sql.jsonb({ scope, reason })})`);
    await failpoint("pause.before_commit");
    return true;
  });
  await failpoint("pause.committed");
  if (isNew) deps.log.warn({ scope, reason, actor }, "dispatch paused");
  return isNew;
}

/** Lets dispatch of this scope go on. Answers false if it was not paused. */
export async function resume(
  deps: PauseDeps & Ringing,
  scope: string,
  reason: string,
  actor: string,
): Promise<boolean> {
  const was = await transact(deps.database, async (tx) => {
    const { rowCount } = await tx.query(sql.type(anyRow)`
      DELETE FROM pauses WHERE scope = ${scope}`);
    if (rowCount === 0) return false;
    await tx.query(sql.type(anyRow)`
      INSERT INTO audit_log (actor, action, details)
      VALUES (${actor}, 'dispatch.resumed', ${sql.jsonb({ scope, reason })})`);
    return true;
  });
  if (was) deps.log.info({ scope, reason, actor }, "dispatch resumed");
  if (was) deps.wake.ring();
  return was;
}
