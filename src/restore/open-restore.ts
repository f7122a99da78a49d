import type { Logger } from "pino";
import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";
import { askDatabase } from "../database/translate-error.ts";
import { isLookedAt } from "./looked-at.ts";
import { signKey, type RestoreSign } from "./restore-sign.ts";

const openedRow = z.object({ is_new: z.boolean() });

/**
 * Writes down that the database seems to be a restored one; from then on nothing is planned, failed or dispatched, on any
 * instance, until an operator closes it. One that is open already gets the sign added; what an operator has looked at opens none.
 * The writing is one statement, so that it needs no transaction. Answers whether it is new; throws DATABASE_*.
 */
export async function openRestore(
  { db, log }: { readonly db: CommonQueryMethods; readonly log: Logger },
  sign: RestoreSign,
): Promise<boolean> {
  if ((sign.kind === "offsets" || sign.kind === "server") && (await isLookedAt(db, sign))) {
    return false;
  }
  const signs = JSON.stringify({ [signKey(sign)]: sign });
  const { is_new: isNew } = await askDatabase(() =>
    db.one(sql.type(openedRow)`
      WITH opened AS (
        INSERT INTO restores (signs) VALUES (${signs}::jsonb)
        ON CONFLICT ((true)) WHERE closed_at IS NULL DO UPDATE SET signs = restores.signs || excluded.signs
        RETURNING id, signs, xmax = 0 AS is_new
      ), moment AS (
        UPDATE deployment SET restored_at = payment_now() FROM opened WHERE opened.is_new
      ), entry AS (
        INSERT INTO audit_log (actor, action, details)
        SELECT 'system', 'alarm.restored', jsonb_build_object('restoreId', id, 'sign', ${signs}::jsonb)
        FROM opened WHERE is_new
      )
      SELECT is_new FROM opened
    `),
  );
  if (isNew) {
    log.error(
      { sign },
      "the database seems to be a restored backup: nothing is sent until `gigpay restored` confirms it",
    );
  }
  return isNew;
}
