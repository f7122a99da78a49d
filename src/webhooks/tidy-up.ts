import { sql } from "slonik";
import { z } from "zod";
import { anyRow, type Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/create-metrics.ts";
import { disableEndpoint } from "./disable-endpoint.ts";

export interface TidyDeps {
  readonly pool: Database;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "webhookDisabled">;
}

export const TIDY_EVERY_MS = 60_000;

/** As long as live events are replayed; the last try of a delivery is some 46 hours after its first. */
const KEPT_DAYS = 7;
const MESSAGES_MAX = 1_000;
/** Of one look: what is more waits a minute. */
const ROUNDS_MAX = 100;
/** Of one endpoint. A receiver that is dead for days, of a platform that pays all day, would fill the disk. */
const PENDING_MAX = 100_000;

const countRow = z.object({ count: z.number() });
const idRow = z.object({ id: z.string(), platformId: z.string() });

/**
 * Forgets what is older than a week and needs no try any more, removes deleted endpoints that nothing tells of, and disables
 * those for which too much waits. Every instance may do it at once.
 */
export async function tidyUp(
  { pool, log, metrics }: TidyDeps,
  { pendingMax = PENDING_MAX }: { readonly pendingMax?: number } = {},
): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if ((await forgetSome(pool)) < MESSAGES_MAX) break;
  }
  await askDatabase(() =>
    pool.query(sql.type(anyRow)`
      DELETE FROM webhook_endpoints e WHERE e.deleted_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id)`),
  );
  for (const { id: endpointId, platformId } of await readOverfull(pool, pendingMax)) {
    if (!(await disableEndpoint(pool, { id: endpointId }, "backlog"))) continue;
    metrics.webhookDisabled.add({ reason: "backlog" });
    log.warn({ endpointId, platformId }, "too much waits for a webhook endpoint; it is disabled");
  }
}

async function forgetSome(pool: Database): Promise<number> {
  const { count } = await askDatabase(() =>
    pool.one(sql.type(countRow)`
      WITH old AS (
        SELECT m.id FROM webhook_messages m
        WHERE m.created_at < payment_now() - ${KEPT_DAYS} * interval '1 day' AND m.fanned_out_at IS NOT NULL
          AND NOT EXISTS (
            SELECT FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
            WHERE d.message_id = m.id AND d.status = 'pending' AND e.disabled_at IS NULL AND e.deleted_at IS NULL)
        ORDER BY m.created_at LIMIT ${MESSAGES_MAX} FOR UPDATE SKIP LOCKED
      ), forgotten AS (
        DELETE FROM webhook_messages m USING old WHERE m.id = old.id RETURNING 1
      )
      SELECT count(*)::int AS count FROM forgotten`),
  );
  return count;
}

function readOverfull(pool: Database, pendingMax: number) {
  return askDatabase(() =>
    pool.any(sql.type(idRow)`
      SELECT e.id, e.platform_id AS "platformId" FROM webhook_endpoints e CROSS JOIN LATERAL (
        SELECT count(*) AS pending FROM (
          SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending' LIMIT ${pendingMax}) AS waiting
      ) d
      WHERE e.disabled_at IS NULL AND e.deleted_at IS NULL AND e.failing_since IS NOT NULL AND d.pending >= ${pendingMax}`),
  );
}
