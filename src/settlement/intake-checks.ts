import { sql } from "slonik";
import type { LedgerCheck } from "./ledger-check.ts";

/** What was read against what was made of it: inbox = payments + duplicates, and dead letters beside it. */
export const INTAKE_CHECKS = {
  event_without_payment: {
    severity: "broken",
    table: "inbox",
    by: "window",
    statement: (scope) => sql.fragment`
      SELECT x.payment_id, format('event %s of platform %s was kept, its payment was not', x.event_id, x.platform_id) AS detail
      FROM inbox x WHERE ${scope.recent(sql.fragment`x.received_at`)} AND NOT EXISTS (
        SELECT FROM payments p WHERE p.id = x.payment_id ${scope.oneByOne})`,
  },
  payment_without_event: {
    severity: "broken",
    table: "payments",
    statement: () => sql.fragment`
      SELECT p.id AS payment_id, format('its event %s is not in the inbox', p.source_event_id) AS detail
      FROM payments p WHERE NOT EXISTS (
        SELECT FROM inbox x WHERE x.platform_id = p.platform_id AND x.event_id = p.source_event_id AND x.payment_id = p.id)`,
  },
  record_accepted_and_dead: {
    severity: "broken",
    table: "inbox",
    by: "window",
    statement: (scope) => sql.fragment`
      SELECT x.payment_id, format('%s[%s]@%s made a payment and an open dead letter', x.topic, x.partition, x.record_offset) AS detail
      FROM dead_letters d JOIN inbox x
        ON x.topic = d.topic AND x.partition = d.partition AND x.record_offset = d.record_offset
      WHERE d.status = 'open' AND ${scope.near(sql.fragment`x.received_at`)}
        AND x.received_at BETWEEN d.created_at - interval '1 minute' AND d.created_at + interval '1 minute'`,
  },
  // Of the last batch only: a topic that was made anew begins at 0 again.
  offset_behind_inbox: {
    severity: "broken",
    table: "inbox",
    by: "standing",
    statement: (scope) => sql.fragment`
      SELECT x.payment_id, format('%s[%s]@%s is accepted, the stored offset is %s', x.topic, x.partition, x.record_offset,
        k.next_offset) AS detail
      FROM kafka_offsets k JOIN LATERAL (
        SELECT i.* FROM inbox i
        WHERE i.topic = k.topic AND i.partition = k.partition AND i.received_at > k.updated_at - interval '1 minute'
          AND ${scope.recent(sql.fragment`i.received_at`)}
        ORDER BY i.received_at DESC, i.record_offset DESC LIMIT 1
      ) x ON x.record_offset >= k.next_offset`,
  },
} satisfies Record<string, LedgerCheck>;
