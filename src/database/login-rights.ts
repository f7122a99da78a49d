import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "./pool.ts";
import { askDatabase } from "./translate-error.ts";

const loginRow = z.object({ login: z.string(), ownsSchema: z.boolean() });

/** Who this connection is, and whether it could switch the database's guards off: the owner of a table can. */
export async function readLoginRights(db: Database): Promise<z.infer<typeof loginRow>> {
  return askDatabase(() =>
    db.one(sql.type(loginRow)`
      SELECT current_user::text AS login, pg_has_role(current_user, relowner, 'USAGE') AS "ownsSchema"
      FROM pg_class WHERE oid = 'payments'::regclass
    `),
  );
}
