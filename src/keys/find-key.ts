import { timingSafeEqual } from "node:crypto";
import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import { SCOPES, type Scope } from "./scopes.ts";
import { readToken } from "./token.ts";

/** Who makes a request. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** Null: of all platforms. */
  readonly platformId: string | null;
  readonly scopes: ReadonlySet<Scope>;
}

const row = z.object({
  id: z.string(),
  token_sha256: z.instanceof(Buffer),
  name: z.string(),
  platform_id: z.string().nullable(),
  scopes: z.array(z.string()),
});

/** The key that this token opens; undefined where it is unknown, wrong, expired or revoked, which nobody is told apart. */
export async function findKey(pool: Database, token: string): Promise<ApiKey | undefined> {
  const claimed = readToken(token);
  if (!claimed) return undefined;
  const found = await askDatabase(() =>
    pool.maybeOne(sql.prepared("keys-find", row)`
      SELECT id, token_sha256, name, platform_id, scopes FROM api_keys
      WHERE id = ${claimed.id} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > payment_now())
    `),
  );
  if (!found || !timingSafeEqual(found.token_sha256, claimed.sha256)) return undefined;
  // A scope of a newer version opens nothing here.
  const scopes = new Set(SCOPES.filter((scope) => found.scopes.includes(scope)));
  return { id: found.id, name: found.name, platformId: found.platform_id, scopes };
}
