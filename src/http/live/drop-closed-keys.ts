import type { Database } from "../../database/pool.ts";
import { stillOpen } from "../../keys/still-open.ts";
import type { EndReason } from "./end-client.ts";
import type { LiveClient } from "./live-client.ts";

/** Ends the streams of keys that were revoked or have expired since they connected; one statement for all. Throws DATABASE_*. */
export async function dropClosedKeys(
  pool: Database,
  clients: ReadonlySet<LiveClient>,
  drop: (client: LiveClient, reason: EndReason) => void,
): Promise<void> {
  const asked = new Set([...clients].map(({ keyId }) => keyId));
  if (asked.size === 0) return;
  const open = await stillOpen(pool, [...asked]);
  for (const client of clients) {
    // Whoever connected meanwhile was looked at just then.
    if (asked.has(client.keyId) && !open.has(client.keyId)) drop(client, "key");
  }
}
