import { sql, type CommonQueryMethods } from "slonik";
import { z } from "zod";

/** Ages are in seconds, 0 where there is nothing. */
export interface WebhookFigures {
  readonly receiving: number;
  readonly failing: number;
  readonly disabled: number;
  readonly oldestDueAge: number;
}

const row = z.object({
  receiving: z.number(),
  failing: z.number(),
  disabled: z.number(),
  oldestDueAge: z.number(),
});

/** One index look per endpoint. What waits for a receiver that fails says nothing about this service. */
export function readWebhooks(db: CommonQueryMethods): Promise<WebhookFigures> {
  return db.one(sql.type(row)`
    SELECT count(*) FILTER (WHERE e.disabled_at IS NULL AND e.failing_since IS NULL)::int AS receiving,
      count(*) FILTER (WHERE e.disabled_at IS NULL AND e.failing_since IS NOT NULL)::int AS failing,
      count(*) FILTER (WHERE e.disabled_at IS NOT NULL)::int AS disabled,
      greatest(0, coalesce(extract(epoch FROM payment_now() - least(
        min(d.next_attempt_at) FILTER (WHERE e.disabled_at IS NULL AND e.failing_since IS NULL),
        (SELECT min(created_at) FROM webhook_messages WHERE fanned_out_at IS NULL))), 0))::float8 AS "oldestDueAge"
    FROM webhook_endpoints e LEFT JOIN LATERAL (
      SELECT w.next_attempt_at FROM webhook_deliveries w WHERE w.endpoint_id = e.id AND w.status = 'pending'
      ORDER BY w.next_attempt_at LIMIT 1
    ) d ON true
    WHERE e.deleted_at IS NULL
  `);
}
