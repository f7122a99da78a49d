import { sql, type CommonQueryMethods } from "slonik";
import { anyRow } from "../database/pool.ts";

/** Whether the directory has this platform. Platforms are never deleted. */
export async function hasPlatform(db: CommonQueryMethods, id: string): Promise<boolean> {
  return db.exists(sql.type(anyRow)`SELECT FROM platforms WHERE id = ${id}`);
}
