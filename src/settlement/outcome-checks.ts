import { sql } from "slonik";
import type { LedgerCheck, Scope } from "./ledger-check.ts";

const decided = sql.fragment`o.decided_at`;
/** What a restore has adopted from our own topics was announced in a life that this database forgot. */
const notAdopted = ({ oneByOne }: Pick<Scope, "oneByOne">) => sql.fragment`
  NOT EXISTS (SELECT FROM announced_outcomes n WHERE n.event_id = o.event_id ${oneByOne})`;

/** Events have no index: those of about that time are read once and looked up in memory, whatever the planner expects. */
function hasNoEvent({ isWhole, near }: Scope) {
  const ofThatTime = near(sql.fragment`x.created_at`);
  return isWhole
    ? sql.fragment`NOT EXISTS (SELECT FROM outbox x WHERE x.event_id = o.event_id AND ${ofThatTime})`
    : sql.fragment`o.event_id NOT IN (SELECT x.event_id FROM outbox x WHERE ${ofThatTime})`;
}

/** Outcomes, the events that announce them, and what else a settled payment leaves behind. */
export const OUTCOME_CHECKS = {
  outcome_missing: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, p.state || ' without an outcome of generation ' || p.generation AS detail
      FROM payments p WHERE p.state IN ('completed', 'failed') AND NOT EXISTS (
        SELECT FROM payment_outcomes o WHERE o.payment_id = p.id AND o.generation = p.generation AND o.kind = p.state)`,
  },
  outcome_contradicts_state: {
    severity: "broken",
    table: "payment_outcomes",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, format('%s, but generation %s %s', p.state, o.generation, o.kind) AS detail
      FROM payment_outcomes o JOIN payments p ON p.id = o.payment_id
      WHERE ((o.kind = 'completed' AND p.state <> 'completed')
        OR (o.kind = 'failed' AND o.generation = p.generation AND p.state NOT IN ('failed', 'review')))`,
  },
  outcome_of_no_generation: {
    severity: "broken",
    table: "payment_outcomes",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, format('generation %s %s, but the payment is in %s', o.generation, o.kind, p.generation) AS detail
      FROM payment_outcomes o JOIN payments p ON p.id = o.payment_id
      WHERE o.generation > p.generation`,
  },
  failed_though_paid: {
    severity: "broken",
    table: "payment_outcomes",
    statement: () => sql.fragment`
      SELECT o.payment_id, format('generation %s failed, and was paid by %s', o.generation, e.tx_hash) AS detail
      FROM payment_outcomes o JOIN chain_events e
        ON e.payment_id = o.payment_id AND e.kind = 'paid' AND e.generation = o.generation
      WHERE o.kind = 'failed'`,
  },
  // Published rows are pruned, outcomes never.
  event_missing: {
    severity: "broken",
    table: "payment_outcomes",
    by: "window",
    statement: (scope) => sql.fragment`
      SELECT o.payment_id, format('the %s event of generation %s is not in the outbox', o.kind, o.generation) AS detail
      FROM payment_outcomes o
      WHERE o.decided_at >= (SELECT pruned_before()) AND ${scope.recent(decided)} AND ${notAdopted(scope)}
        AND ${hasNoEvent(scope)}`,
  },
  event_without_outcome: {
    severity: "broken",
    table: "outbox",
    by: "window",
    statement: (scope) => sql.fragment`
      SELECT x.payment_id, 'event ' || x.event_id || ' was never decided' AS detail
      FROM outbox x WHERE x.generation IS NOT NULL AND ${scope.recent(sql.fragment`x.created_at`)} AND NOT EXISTS (
        SELECT FROM payment_outcomes o WHERE o.event_id = x.event_id ${scope.oneByOne})`,
  },
  two_events_of_a_generation: {
    severity: "broken",
    table: "outbox",
    by: "window",
    statement: (scope) => sql.fragment`
      SELECT x.payment_id, format('generation %s has %s events', x.generation, count(DISTINCT x.event_id)) AS detail
      FROM outbox x WHERE x.generation IS NOT NULL AND ${scope.recent(sql.fragment`x.created_at`)}
      GROUP BY x.payment_id, x.generation HAVING count(DISTINCT x.event_id) > 1`,
  },
  audit_missing: {
    severity: "broken",
    table: "payment_outcomes",
    statement: () => sql.fragment`
      SELECT o.payment_id, format('generation %s %s without an entry in the audit log', o.generation, o.kind) AS detail
      FROM payment_outcomes o WHERE ${notAdopted({ oneByOne: sql.fragment`` })} AND NOT EXISTS (
        SELECT FROM audit_log a
        WHERE a.payment_id = o.payment_id AND a.generation = o.generation AND a.action = 'payment.' || o.kind)`,
  },
  reputation_missing: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, 'completed without its reputation event' AS detail
      FROM payments p WHERE p.state = 'completed' AND NOT EXISTS (
        SELECT FROM reputation_events r WHERE r.payment_id = p.id)`,
  },
  reputation_unearned: {
    severity: "broken",
    table: "reputation_events",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, p.state || ', yet it gave reputation' AS detail
      FROM reputation_events r JOIN payments p ON p.id = r.payment_id
      WHERE p.state <> 'completed'`,
  },
  // Above is no mismatch: reputation may have begun before this service.
  reputation_below_points: {
    severity: "broken",
    table: "reputation_events",
    onlyWhole: true,
    statement: () => sql.fragment`
      SELECT NULL::uuid AS payment_id, format('worker %s has %s, its events give %s', w.id, w.reputation, r.points) AS detail
      FROM workers w JOIN (SELECT worker_id, sum(points) AS points FROM reputation_events GROUP BY worker_id) r
        ON r.worker_id = w.id
      WHERE w.reputation < r.points`,
  },
  task_not_paid: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, format('completed, but task %s is %s', t.id, t.status) AS detail
      FROM payments p JOIN tasks t ON t.platform_id = p.platform_id AND t.id = p.task_id
      WHERE p.state = 'completed' AND t.paid_by IS DISTINCT FROM p.id`,
  },
  task_paid_by_unpaid: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, format('%s, but task %s is paid', p.state, t.id) AS detail
      FROM payments p JOIN tasks t ON t.platform_id = p.platform_id AND t.id = p.task_id
      WHERE p.state <> 'completed' AND t.paid_by = p.id`,
  },
} satisfies Record<string, LedgerCheck>;
