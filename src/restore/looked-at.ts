import { sql, type CommonQueryMethods, type FragmentSqlToken } from "slonik";
import { z } from "zod";
import { askDatabase } from "../database/translate-error.ts";
import { signKey, type RestoreSign } from "./restore-sign.ts";

const foundRow = z.object({ is_found: z.boolean() });

/**
 * Whether an operator has closed a restore that showed this very sign. Until the consumer has read again what was forgotten,
 * Kafka goes on to know more than the database; and a process that was frozen meanwhile sees only now that the server is
 * another one, or that its log went back from less than was known then. Neither is a second restore. Throws DATABASE_*.
 */
export async function isLookedAt(
  db: CommonQueryMethods,
  sign: Extract<RestoreSign, { kind: "offsets" | "server" }>,
): Promise<boolean> {
  const said = sql.fragment`(signs -> ${signKey(sign)}::text)`;
  const { is_found: isFound } = await askDatabase(() =>
    db.one(sql.type(foundRow)`
      SELECT EXISTS (SELECT FROM restores WHERE closed_at IS NOT NULL AND ${isSame(said, sign)}) AS is_found
    `),
  );
  return isFound;
}

function isSame(
  said: FragmentSqlToken,
  sign: Extract<RestoreSign, { kind: "offsets" | "server" }>,
): FragmentSqlToken {
  if (sign.kind === "offsets") {
    return sql.fragment`(${said} ->> 'known')::bigint >= ${sign.known}::bigint`;
  }
  if (sign.changed === "position") {
    return sql.fragment`(${said} ->> 'from')::numeric >= ${sign.from}::numeric`;
  }
  return sql.fragment`${said} ->> 'to' = ${sign.to}`;
}
