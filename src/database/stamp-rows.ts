import { sql } from "slonik";
import { z } from "zod";

/** All but when it was published: that is in the outbox. */
export const stampRow = z.object({
  occurredAt: z.date(),
  startedAt: z.date().nullable(),
  receivedAt: z.date(),
  acceptedAt: z.date(),
  plannedAt: z.date().nullable(),
  firstSentAt: z.date().nullable(),
  sentAt: z.date().nullable(),
  submittedAt: z.date().nullable(),
  voidWantedAt: z.date().nullable(),
  followedAt: z.date().nullable(),
  logsReadAt: z.date().nullable(),
  settledAt: z.date().nullable(),
});

/** Of a payment `p`. When its send was taken is told by the send, until settlement writes it to the payment as well. */
export const stampColumns = sql.fragment`
  p.occurred_at AS "occurredAt", p.started_at AS "startedAt", p.received_at AS "receivedAt",
  p.accepted_at AS "acceptedAt", p.planned_at AS "plannedAt", p.first_sent_at AS "firstSentAt", p.sent_at AS "sentAt",
  coalesce(p.submitted_at, (SELECT t.submitted_at FROM transactions t WHERE t.id = p.transaction_id AND t.kind = 'pay'))
    AS "submittedAt", p.void_wanted_at AS "voidWantedAt", p.followed_at AS "followedAt",
  p.logs_read_at AS "logsReadAt", p.settled_at AS "settledAt"`;
