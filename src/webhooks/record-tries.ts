import { sql } from "slonik";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import { askDatabase } from "../database/translate-error.ts";
import type { Claimed } from "./claim-due.ts";
import { afterTry } from "./schedule.ts";
import type { TryOutcome } from "./try-outcome.ts";

export interface FinishedTry {
  readonly claimed: Claimed;
  readonly outcome: TryOutcome;
  readonly durationMs: number;
}

const recordedRow = z.object({ id: z.string(), status: z.string() });

/**
 * Writes down what came of tries, and when the next ones are. One whose lease ran out meanwhile, and that somebody else has
 * begun again, changes nothing, unless it succeeded: what has arrived has arrived. An endpoint's health is written where
 * it changes only: most receivers are well, and stay so. Answers the ids of those that are exhausted by it.
 */
export async function recordTries(
  pool: Database,
  tries: readonly FinishedTry[],
): Promise<readonly string[]> {
  const rows = tries.map(({ claimed, outcome, durationMs }) => {
    const { status, waitMs, granted } = afterTry(outcome.kind, claimed.triesLeft);
    const { kind, statusCode } = outcome;
    return [claimed.id, claimed.attempt, status, waitMs, granted, kind, statusCode, durationMs];
  });
  const types = ["uuid", "int4", "text", "int4", "int4", "text", "int4", "int4"];
  const { ids, failing } = healthAfter(tries);
  const recorded = await askDatabase(() =>
    pool.any(sql.prepared("webhooks-record-tries", recordedRow)`
      WITH health AS (
        UPDATE webhook_endpoints e SET failing_since = CASE WHEN h.failing THEN coalesce(e.failing_since, payment_now()) END
        FROM unnest(${sql.array(ids, "uuid")}, ${sql.array(failing, "bool")}) AS h (id, failing)
        WHERE e.id = h.id AND (e.failing_since IS NOT NULL) <> h.failing
      )
      UPDATE webhook_deliveries d SET status = r.status, attempts_max = d.attempts_max + r.granted,
        next_attempt_at = CASE WHEN r.status = 'pending' THEN payment_now() + r.wait_ms * interval '1 millisecond' END,
        delivered_at = CASE WHEN r.status = 'delivered' THEN payment_now() END,
        last_outcome = r.outcome, last_status_code = r.status_code, last_duration_ms = r.duration_ms
      FROM ${sql.unnest(rows, types)}
        AS r (id, attempt, status, wait_ms, granted, outcome, status_code, duration_ms)
      WHERE d.id = r.id AND d.status = 'pending' AND (d.attempts = r.attempt OR r.status = 'delivered')
      RETURNING d.id, d.status
    `),
  );
  return recorded.filter(({ status }) => status === "exhausted").map(({ id }) => id);
}

/** The last try of each endpoint decides; sorted, so that two instances lock endpoints in one order. Pure. */
function healthAfter(tries: readonly FinishedTry[]) {
  const failing = new Map<string, boolean>();
  for (const { claimed, outcome } of tries) {
    if (outcome.kind !== "stopped") failing.set(claimed.endpointId, outcome.kind !== "delivered");
  }
  const ids = [...failing.keys()].sort();
  return { ids, failing: ids.map((id) => failing.get(id) === true) };
}
