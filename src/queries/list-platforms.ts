import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";

const platform = z.object({ id: z.string(), walletAddress: z.string() });

/** Every platform with its paying wallet. */
export async function listPlatforms(
  db: CommonQueryMethods,
): Promise<readonly z.infer<typeof platform>[]> {
  return db.any(sql.type(platform)`
    SELECT id, wallet_address AS "walletAddress" FROM platforms ORDER BY id
  `);
}
