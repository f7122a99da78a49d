import { sql } from "slonik";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import { payloadHashOf } from "../payment/sameness.ts";
import type { SubmissionSource } from "../payment/submission.ts";
import type { Candidate } from "./check-submission.ts";
import { lostRace } from "./lost-race.ts";

export interface InboxRow {
  readonly candidate: Candidate;
  readonly verdict: "new" | "duplicate";
  readonly source: SubmissionSource;
}

const eventRow = z.object({ event_id: z.string() });
const COLUMN_TYPES = ["text", "text", "bytea", "uuid", "text", "text", "int4", "int8"];

/** Keeps each event id for ever; throws `lostRace` where another instance has just kept one of them. */
export async function insertInbox(
  tx: Transaction,
  now: Date,
  rows: readonly InboxRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const sorted = rows.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const written = await tx.any(sql.prepared("acceptance-insert-inbox", eventRow)`
    INSERT INTO inbox (platform_id, event_id, payload_hash, payment_id, verdict, topic, partition, record_offset,
      received_at)
    SELECT d.*, ${now.toISOString()}::timestamptz
    FROM ${sql.unnest(sorted.map(tupleOf), COLUMN_TYPES)} AS d
    ON CONFLICT DO NOTHING
    RETURNING event_id
  `);
  if (written.length !== rows.length) throw lostRace("an event");
}

function sortKey({ candidate }: InboxRow): string {
  return `${candidate.platformId} ${candidate.eventId}`;
}

function tupleOf({ candidate, verdict, source }: InboxRow) {
  const record = source.kind === "kafka" ? source : null;
  return [
    candidate.platformId,
    candidate.eventId,
    payloadHashOf(candidate),
    candidate.paymentId,
    verdict,
    record?.topic ?? null,
    record?.partition ?? null,
    record?.offset ?? null,
  ];
}
